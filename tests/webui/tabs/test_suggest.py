"""Words for one's pictures: what is pressed without a folder is answered at the field."""

import gradio as gr
import pytest

from textual_inversion.jobs.runner import Runner
from webui.tabs.suggest import Suggesting


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["", " ", None])
def test_an_empty_folder_is_asked_for_not_looked_into(home, folder):
    runner = Runner()
    with gr.Blocks():
        suggesting = Suggesting(runner, gr.Dropdown([], elem_id="base-model"))
    with pytest.raises(gr.Error, match="Pictures is missing; give the folder") as caught:
        suggesting._ask(folder)
    assert "ti-field:suggest-folder" in str(caught.value.message)
    assert runner.run("suggest") is None
