"""A job that is begun again goes on where it was."""

import json
import threading

import pytest
from PIL import Image

from preprocessing.files.manifest import NAME
from textual_inversion.events import Finished, Progressed, Warned


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "c"):
        Image.new("RGB", (30, 20), "red").save(folder / f"{name}.png")
    return folder


@pytest.fixture
def written(tmp_path):
    """The times at which the pictures of the destination were written."""
    return lambda: {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.png")}


def said(events):
    return [event.message for event in events if isinstance(event, Warned)]


def test_what_is_done_is_left_alone_and_counted(run, written, source, tmp_path):
    list(run())
    before = written()
    events = list(run())
    assert written() == before
    assert events[1:3] == [
        Progressed(1, 3, str(tmp_path / "out" / "00000-0-a.png"), str(source / "a.png")),
        Progressed(2, 3, str(tmp_path / "out" / "00001-0-b.png"), str(source / "b.png")),
    ]
    assert events[-1] == Finished(3, "finished", str(tmp_path / "out"))
    assert said(events) == [
        "3 of 3 pictures were already prepared with these settings and are left unchanged."
    ]


def test_a_stopped_job_does_the_rest(run, written):
    stop = threading.Event()
    for event in run(stop):
        if isinstance(event, Progressed):
            stop.set()
    first = written()
    list(run())
    assert list(first) == ["00000-0-a.png"]
    assert sorted(written()) == ["00000-0-a.png", "00001-0-b.png", "00002-0-c.png"]
    assert written()["00000-0-a.png"] == first["00000-0-a.png"]


def test_a_job_that_was_closed_in_the_middle_remembers(run, tmp_path):
    events = run()
    next(event for event in events if isinstance(event, Progressed))
    events.close()
    kept = json.loads((tmp_path / "out" / NAME).read_text())["pictures"]
    assert [entry["files"] for entry in kept.values()] == [["00000-0-a.png"]]


@pytest.mark.parametrize("change", ["pixels", "words", "lost"])
def test_only_what_has_changed_is_done_again(run, written, source, tmp_path, change):
    list(run())
    before = written()
    if change == "pixels":
        Image.new("RGB", (30, 20), "blue").save(source / "b.png")
    elif change == "words":
        (source / "b.txt").write_text("a bear")
    else:
        (tmp_path / "out" / "00001-0-b.png").unlink()
    list(run())
    after = written()
    assert [name for name in after if after[name] != before[name]] == ["00001-0-b.png"]


def test_other_settings_do_everything_again_under_the_same_numbers(run, written):
    list(run())
    before = written()
    list(run(width=24))
    assert written().keys() == before.keys()
    assert not written().items() & before.items()


def test_a_choice_without_effect_does_nothing_again(run, written):
    list(run())
    before = written()
    list(run(focal_edges_weight=0.1))
    assert written() == before


def test_what_other_settings_left_behind_is_told(run, tmp_path):
    list(run(flipped_copies="horizontal"))
    assert said(run()) == [
        f"{tmp_path / 'out'} still holds files (3) that other settings made, such as "
        "00000-1-a.png; remove them if they should not be trained on."
    ]


def test_a_picture_that_comes_later_takes_a_free_number(run, written, source):
    list(run())
    Image.new("RGB", (30, 20)).save(source / "0.png")
    list(run())
    assert sorted(written())[-1] == "00003-0-0.png"
    assert len(written()) == 4


def test_another_source_does_not_overwrite(run, written, source, tmp_path):
    list(run())
    source.rename(tmp_path / "moved")
    source.mkdir()
    Image.new("RGB", (30, 20)).save(source / "d.png")
    events = list(run())
    assert sorted(written())[-1] == "00003-0-d.png"
    assert "already holds files (3)" in said(events)[0]
