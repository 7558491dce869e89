"""A model's files are found here first; the Hub is asked for the rest, and says so."""

import threading

import huggingface_hub
import pytest

from preprocessing.captioners.weights import fetch, find_weights
from tests.generators import drained
from textual_inversion.errors import ModelError
from textual_inversion.events import Loading

FILES = ("model.onnx", "tags.csv")
HUB_NAME = "someone/tagger-v3"


def find(name):
    return find_weights(name, captioner="WD14", files=FILES)


def fetched(name):
    return drained(fetch(find(name), FILES, stop=threading.Event()))


@pytest.fixture
def tagger(home):
    folder = home / "models" / "tagger-v3"
    folder.mkdir()
    for name in FILES:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("name", [HUB_NAME, "tagger-v3", "models/tagger-v3", "models/tagger-v3/"])
def test_a_folder_under_models_comes_before_the_hub(tagger, name):
    assert find(name).folder.resolve() == tagger
    assert str(find(name)).startswith("ready, in ")
    assert fetched(name)[0] == []


def test_a_folder_that_lacks_a_file_is_named(tagger):
    (tagger / "tags.csv").unlink()
    with pytest.raises(ModelError, match=r"tagger-v3 is not a model for WD14: it has no tags.csv"):
        find(HUB_NAME)


@pytest.mark.parametrize("name", ["nowhere", "", "a/b/c", "../x/y"])
def test_what_is_neither_a_folder_nor_a_name_of_the_hub_is_told(home, name):
    with pytest.raises(ModelError, match="There is no folder .* with a model for WD14"):
        find(name)


def test_without_a_connection_the_folder_to_fill_is_named(home, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "cache"))
    with pytest.raises(ModelError, match=r"someone/tagger-v3 for WD14 is not on .*") as caught:
        fetched(HUB_NAME)
    assert "put its files (model.onnx, tags.csv ...) into models/tagger-v3" in str(caught.value)


@pytest.mark.slow
def test_a_download_is_told_as_it_goes(home, monkeypatch):
    half = threading.Event()

    def download(name, *, revision, allow_patterns, ignore_patterns, tqdm_class):
        with tqdm_class(total=8_000_000, unit="B") as bar:
            bar.update(4_000_000)
            half.wait(5)
        return str(home / name)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    fetching = fetch(find(HUB_NAME), FILES, stop=threading.Event())
    said = [next(fetching).what]
    if said == ["WD14: someone/tagger-v3"]:  # the thread may or may not have begun
        said = [next(fetching).what]
    assert said == ["WD14: someone/tagger-v3 (50 % of 8 MB)"]
    half.set()
    with pytest.raises(StopIteration) as end:
        next(fetching)
    assert end.value.value == home / HUB_NAME


@pytest.mark.slow
def test_a_stop_is_heard_during_a_download(home, monkeypatch):
    never, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: never.wait(5))
    fetching = fetch(find(HUB_NAME), FILES, stop=stop)
    assert isinstance(next(fetching), Loading)
    stop.set()
    assert isinstance(next(fetching), Loading)
    never.set()
