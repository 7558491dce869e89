"""What the API reads when others can reach the page."""

import gradio as gr
import pytest

from textual_inversion.jobs.runner import Runner
from webui.api.endpoints import Endpoints
from webui.folders.allowed import AllowedFolders
from webui.generate.waiting import Waiting


@pytest.mark.parametrize("name", ["init_image", "mask"])
def test_pictures_outside_of_the_project_are_not_drawn_from(home, monkeypatch, name):
    monkeypatch.setattr("webui.api.endpoints.ALLOWED", AllowedFolders(is_public=True))
    runner = Runner()
    endpoints = Endpoints(runner, None, Waiting(runner))
    own = {"init_image": "outputs/mine.png", "mask": "outputs/mask.png"}
    with pytest.raises(gr.Error, match="lies outside of this project"):
        endpoints.generate({"prompt": "a dog", **own, name: "/etc/private.png"})
    assert runner.run("generate") is None
