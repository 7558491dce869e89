"""Where a separate tokenizer is found, and what is said of a name under which there is none."""

import pytest

from textual_inversion.errors import ModelError
from textual_inversion.models.listing.tokenizers import fetch_tokenizer, find_tokenizer

CONFIG = {"tokenizer_config.json": b"{}"}
WHOLE = {"tokenizer.json": b"{}"}
PAIR = {"vocab.json": b"{}", "merges.txt": b""}


def write(folder, files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("files", [WHOLE, PAIR], ids=["whole", "pair"])
def test_a_folder_is_found_by_path_and_by_its_name_under_models(home, files):
    folder = write(home / "models" / "words", files)
    assert find_tokenizer(str(folder)) == find_tokenizer("words") == folder


def test_of_a_base_model_it_is_the_first_tokenizer(home):
    folder = write(home / "models" / "mine" / "tokenizer", PAIR)
    assert find_tokenizer("models/mine") == folder


@pytest.mark.parametrize("files", [CONFIG, {"vocab.json": b"{}"}], ids=["config", "no merges"])
def test_a_folder_without_a_vocabulary_is_one_sentence(home, files):
    write(home / "bare", files)
    with pytest.raises(ModelError, match="bare is no tokenizer: it has neither a tokenizer.json"):
        fetch_tokenizer("bare")


@pytest.mark.parametrize("name", ["nowhere", " "])
def test_an_unknown_name_is_one_sentence(home, name):
    with pytest.raises(ModelError, match=f'There is no tokenizer "{name}"; give the path of a'):
        fetch_tokenizer(name)


@pytest.mark.parametrize("place", ["", "tokenizer/"], ids=["repository", "model"])
def test_one_of_the_hub_is_downloaded_once_and_then_found(home, hub, place):
    files = {place + name: content for name, content in (PAIR | CONFIG).items()}
    hub.add("owner/words", files | {"unet/model.safetensors": b"", "pytorch_model.bin": b""})
    with pytest.raises(ModelError, match="is downloaded when training or generation first uses"):
        find_tokenizer("owner/words")
    folder = fetch_tokenizer("owner/words")
    assert {path.name for path in folder.iterdir()} == {*PAIR, *CONFIG}
    asked = len(hub.requests)
    assert find_tokenizer("owner/words") == fetch_tokenizer("owner/words") == folder
    assert len(hub.requests) == asked


def test_one_that_the_hub_does_not_have_is_one_sentence(home, hub):
    hub.add("owner/empty", {"README.md": b""})
    with pytest.raises(ModelError, match='The tokenizer "owner/none" is not on this machine'):
        fetch_tokenizer("owner/none")
    with pytest.raises(ModelError, match='repository "owner/empty" on the Hugging Face Hub is no'):
        fetch_tokenizer("owner/empty")
