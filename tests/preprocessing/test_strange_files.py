"""Links to devices, pipes, and pictures that are none: a job names them and goes on."""

import os
import threading
from pathlib import Path

import pytest
from PIL import EpsImagePlugin, Image

from preprocessing.checks.measurements import Unusable, measure
from preprocessing.files.manifest import fingerprint
from textual_inversion.errors import DatasetError
from textual_inversion.events import Finished, Warned
from textual_inversion.images.decoding import open_picture
from textual_inversion.images.files import MAX_BYTES
from textual_inversion.images.folder import read_caption
from webui.served_images import served

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("RGB", (30, 20), "red").save(folder / "fine.png")
    return folder


def ended(work):
    """The result of work that must not go on for ever."""
    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(20)
    assert found, "it does not end"
    return found[0]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_link_to_a_device_or_a_pipe_is_named_and_the_rest_is_done(source, run):
    os.mkfifo(source.parent / "pipe")
    (source / "x.png").symlink_to("/dev/zero")
    (source / "y.png").symlink_to(source.parent / "pipe")
    events = ended(lambda: list(run()))
    said = [event.message for event in events if isinstance(event, Warned)]
    for name in ("x.png", "y.png"):
        reason = f"Picture {source / name} is a device or a pipe, not a file; remove it."
        assert reason in said
    assert events[-1] == Finished(1, "finished", str(source.parent / "out"))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_caption_that_is_a_device_is_named(source):
    (source / "fine.txt").symlink_to("/dev/zero")
    assert ended(lambda: fingerprint(source / "fine.png", settings="")) == ""
    with pytest.raises(DatasetError, match=r"Caption .*fine.txt is a device or a pipe"):
        read_caption(source / "fine.png")


def test_a_file_of_an_absurd_size_is_neither_hashed_nor_opened(source):
    with (source / "huge.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert fingerprint(source / "huge.png", settings="") == ""
    with pytest.raises(DatasetError, match=r"huge.png has 2,000,000,001 bytes, more than"):
        open_picture(source / "huge.png")


def test_eps_under_the_name_of_a_picture_never_reaches_ghostscript(source, tmp_path, monkeypatch):
    def called(*_, **__):
        raise AssertionError("Ghostscript was called")

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", called)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", "gs")
    path = source / "eps.png"
    path.write_bytes(EPS)
    with pytest.raises(DatasetError, match="is no picture this program can read"):
        open_picture(path)
    assert isinstance(measure(path, width=16, height=16), Unusable)
    assert served(str(path), small=True) is None
