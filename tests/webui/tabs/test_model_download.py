"""A base model is downloaded while the page says how far it is."""

import pytest

from tests.models.test_download import files_of
from textual_inversion.errors import ModelError
from webui.tabs.model_download import download


@pytest.mark.slow
def test_a_revision_and_a_variant_are_taken_from_the_fields(hub, home, stacks):
    files = files_of(stacks["sd1"])
    half = {name.replace(".safetensors", ".fp16.safetensors"): data for name, data in files.items()}
    hub.add("owner/model", files | half, revisions=("main", "v1", "a" * 40))
    *_, last = download("owner/model", "v1", "fp16")
    assert last.startswith("owner/model@v1 is here")
    weights = [path for path, _ in hub.ranges if path.endswith(".safetensors")]
    assert weights
    assert all(path.endswith(".fp16.safetensors") for path in weights)


def test_a_name_that_is_none_of_the_hubs_is_one_sentence():
    with pytest.raises(ModelError, match="is no name of a model on the Hub"):
        list(download("no-owner", "", ""))
