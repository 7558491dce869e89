"""What all tests share; light, so that a light test stays light."""

import gc
import os

import pytest

# Many tests on few cores: one thread each is faster than threads that wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure():
    """Look for no garbage among modules and tests that all stay: a third of collecting's time."""
    gc.disable()


def pytest_collection_finish():
    """Look for garbage from now on, but not among what was collected."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty working folder of the test's own: the folders of a user are in it."""
    for name in ("embeddings", "models", "runs", "outputs"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def stacks(tmp_path_factory):
    """Random SD 1, SD 2 (v-prediction) and SDXL folders, made once a session."""
    from tests import tiny

    root = tmp_path_factory.mktemp("stacks")
    return {kind: tiny.build(root / kind, kind) for kind in ("sd1", "sd2", "sdxl")}


@pytest.fixture
def pictures(home):
    """Three small pictures with captions in `home`/pictures."""
    from PIL import Image

    folder = home / "pictures"
    folder.mkdir()
    for place, colour in enumerate(["red", "green", "blue"]):
        Image.new("RGB", (70, 90), colour).save(folder / f"{place}.png")
        (folder / f"{place}.txt").write_text(f"a {colour} house, photo")
    return folder


@pytest.fixture
def cat(home, pictures, stacks):
    """Settings that train a new embedding on three pictures."""
    from tests.cats import make_cat

    make_cat(stacks["sd1"])
    return {"embedding": "cat-x", "dataset_dir": "pictures", "model": str(stacks["sd1"])}


@pytest.fixture
def hub(home, monkeypatch):
    """A Hub on this machine, and nobody logged in."""
    from huggingface_hub import constants

    from tests.hubserver import FakeHub

    with FakeHub() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub-cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "no-token"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
        yield server
