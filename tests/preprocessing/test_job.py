import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from preprocessing import preprocess
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.events import Finished, Progressed, Started, Warned
from textual_inversion.settings import PreprocessSettings


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (30, 20), "red").save(folder / name)
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out"


def run(source, target, *, stop=None, **choices):
    settings = PreprocessSettings(source=str(source), destination=str(target), **choices)
    return preprocess(settings, size=16, stop=stop)


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".prepared.json")


def test_every_picture_is_written_and_told(source, target):
    assert list(run(source, target)) == [
        Started(str(source), 0, 2, str(target)),
        Progressed(1, 2, str(target / "00000-0-a.png"), str(source / "a.png")),
        Progressed(2, 2, str(target / "00001-0-b.png"), str(source / "b.png")),
        Finished(2, "finished", str(target)),
    ]
    with Image.open(target / "00001-0-b.png") as image:
        assert (image.size, image.mode, image.format) == ((16, 16), "RGB", "PNG")


def test_a_size_of_its_own_goes_before_the_models(source, target):
    list(run(source, target, width=24, height=0))
    with Image.open(target / "00000-0-a.png") as image:
        assert image.size == (24, 16)


def test_flipped_copies_are_numbered_and_counted(source, target):
    events = list(run(source, target, flipped_copies="both"))
    assert names(target) == [f"0000{i}-{sub}-{n}.png" for i, n in enumerate("ab") for sub in "012"]
    assert events[-1] == Finished(6, "finished", str(target))


def test_unreadable_pictures_are_named_and_leave_no_gap(source, target):
    cut = (source / "a.png").read_bytes()[:40]
    (source / "a.png").write_bytes(cut)
    events = list(run(source, target))
    assert names(target) == ["00000-0-b.png"]
    assert [type(event) for event in events] == [Started, Warned, Progressed, Progressed, Finished]
    assert str(source / "a.png") in events[1].message
    assert events[2] == Progressed(1, 2, "", str(source / "a.png"))


def test_a_picture_of_one_pixel_is_enough(source, target):
    Image.new("RGB", (1, 1), "blue").save(source / "a.png")
    list(run(source, target))
    with Image.open(target / "00000-0-a.png") as image:
        assert image.getcolors() == [(256, (0, 0, 255))]


@pytest.mark.parametrize("policy", ["copy", "prepend", "append"])
def test_an_existing_caption_goes_along_with_every_copy(source, target, policy):
    (source / "a.txt").write_text("ein Bär\n", encoding="utf-8")
    list(run(source, target, existing_captions=policy, flipped_copies="horizontal"))
    captions = {path.name: path.read_text("utf-8") for path in target.glob("*.txt")}
    assert captions == {"00000-0-a.txt": "ein Bär\n", "00000-1-a.txt": "ein Bär\n"}


def test_captions_can_be_ignored(source, target):
    (source / "a.txt").write_text("a bear")
    list(run(source, target, existing_captions="ignore"))
    assert names(target) == ["00000-0-a.png", "00001-0-b.png"]


def test_the_source_is_only_read(source, target):
    (source / "a.txt").write_text("a bear")
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    list(run(source, target, flipped_copies="both"))
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


def test_what_the_destination_held_stays_and_is_told(source, target):
    (target / "captions-before").mkdir(parents=True)
    (target / "note.txt").write_text("mine")
    events = list(run(source, target))
    assert isinstance(events[1], Warned)
    assert "already holds files (1)" in events[1].message
    assert (target / "note.txt").read_text() == "mine"


def test_a_stop_is_heard_before_the_next_picture(source, target):
    stop = threading.Event()
    events = run(source, target, stop=stop)
    seen = [next(events), next(events)]
    stop.set()
    assert [*seen, *events][1:] == [
        Progressed(1, 2, str(target / "00000-0-a.png"), str(source / "a.png")),
        Finished(1, "stopped", str(target)),
    ]
    assert names(target) == ["00000-0-a.png"]


def test_a_stop_after_the_last_picture_is_too_late(source, target):
    stop = threading.Event()
    for event in run(source, target, stop=stop):
        if event == Progressed(2, 2, str(target / "00001-0-b.png"), str(source / "b.png")):
            stop.set()
    assert event == Finished(2, "finished", str(target))


def test_nothing_readable_is_a_failure(source, target):
    for path in source.iterdir():
        path.write_bytes(b"")
    with pytest.raises(DatasetError, match=r"None of the pictures in .*in \(2\) could be used"):
        list(run(source, target))


@pytest.mark.parametrize("linked", [False, True])
def test_the_source_cannot_be_the_destination(source, target, linked):
    if linked:
        target.symlink_to(source)
    with pytest.raises(DatasetError, match=r"are the same folder, .*; choose another destination"):
        list(run(source, target if linked else source / ".." / "in"))
    assert names(source) == ["a.png", "b.png"]


def test_the_destination_may_lie_inside_the_source(source):
    list(run(source, source / "prepared" / "small"))
    assert names(source / "prepared" / "small") == ["00000-0-a.png", "00001-0-b.png"]


@pytest.mark.parametrize("role", ["source", "destination"])
def test_an_empty_field_is_not_the_current_folder(source, target, role):
    folders = {"source": source, "target": target, {"destination": "target"}.get(role, role): " "}
    with pytest.raises(DatasetError, match=f"No {role} directory is given; choose a folder"):
        list(run(**folders))


def test_a_bad_source_makes_no_destination(tmp_path, target):
    with pytest.raises(DatasetError, match="There is no folder"):
        list(run(tmp_path / "nowhere", target))
    assert not target.exists()


def test_a_home_is_understood(source, target, monkeypatch):
    monkeypatch.setenv("HOME", str(source.parent))
    list(run("~/in", "~/out"))
    assert names(target) == ["00000-0-a.png", "00001-0-b.png"]


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_is_no_destination(source, tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="is a file or inside one; choose a folder"):
        list(run(source, tmp_path / "file" / below))


@pytest.mark.parametrize(("name", "reason"), [("x" * 300, "File name too long"), ("\0", "null")])
def test_an_unusable_destination_is_said(source, tmp_path, name, reason):
    with pytest.raises(StorageError, match=reason):
        list(run(source, tmp_path / name))


def test_a_long_name_is_cut_to_fit(source, target):
    (source / "a.png").rename(source / ("é" * 120 + ".png"))
    list(run(source, target))
    assert names(target) == ["00000-0-b.png", "00001-0-" + "é" * 100 + ".png"]


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["write_bytes", "replace"])
def test_a_full_disk_leaves_nothing_half_written(source, target, monkeypatch, call):
    monkeypatch.setattr(Path, call, full_disk)
    with pytest.raises(StorageError, match=r"00000-0-a\.png: No space left on device"):
        list(run(source, target))
    assert list(target.iterdir()) == []


def test_a_picture_does_not_stay_without_its_caption(source, target, monkeypatch):
    (source / "b.txt").write_text("a bear")
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (full_disk if to.suffix == ".txt" else replace)(self, to)
    )
    with pytest.raises(StorageError, match=r"00001-0-b\.txt: No space left"):
        list(run(source, target))
    assert names(target) == ["00000-0-a.png"]


@pytest.mark.slow
def test_it_needs_no_torch():
    code = "import preprocessing, sys; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_picture_that_is_far_too_small_is_said(tmp_path):
    (tmp_path / "source").mkdir()
    Image.new("RGB", (1, 1)).save(tmp_path / "source" / "dot.png")
    settings = PreprocessSettings(source=str(tmp_path / "source"), destination=str(tmp_path / "d"))
    said = [event.message for event in preprocess(settings, size=64) if isinstance(event, Warned)]
    assert said == [
        f"Picture {tmp_path / 'source' / 'dot.png'} is only 1 x 1 pixels, so at 64 x 64 it is a "
        "blur; take a larger one or leave it out."
    ]


def test_mask_files_are_told_to_stay_behind(source, target):
    Image.new("L", (30, 20)).save(source / "a.mask.png")
    said = [event.message for event in run(source, target) if isinstance(event, Warned)]
    assert [text for text in said if "a.mask.png" in text and "transparency" in text] == said
    assert len(said) == 1
    assert names(target) == ["00000-0-a.png", "00001-0-b.png"]


def test_flips_and_pieces_are_counted(source, target):
    Image.new("RGB", (80, 16), "blue").save(source / "wide.png")
    events = list(run(source, target, flipped_copies="both", split_oversized=True))
    told = [event.num_files for event in events if isinstance(event, Progressed)]
    assert told[:2] == [3, 3]
    assert told[2] > 3
    assert sum(told) == events[-1].step == len(names(target))


def test_each_picture_tells_all_that_was_made_of_it(source, target):
    (source / "a.txt").write_text("a hill")
    events = list(run(source, target, flipped_copies="horizontal"))
    told = [(event.path, event.others) for event in events if isinstance(event, Progressed)]
    assert told == [
        (str(target / f"0000{at}-0-{name}.png"), (str(target / f"0000{at}-1-{name}.png"),))
        for at, name in enumerate("ab")
    ]
