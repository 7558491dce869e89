"""Prepared pictures get their captions, whoever writes them."""

import threading

import pytest
from PIL import Image

from preprocessing.captioners.base import UncaptionedError
from textual_inversion.errors import DatasetError, ModelError
from textual_inversion.events import Finished, Loading, Progressed, Warned


class Writer:
    """A captioner, and its module: it says its name and the colour in the upper left."""

    def __init__(self, name):
        self.name = name
        self.batches = []
        self.open = 0

    def check(self, settings):
        pass

    def load(self, settings, stop):
        yield Loading(self.name)
        self.open += 1
        return self

    def caption(self, pictures):
        self.batches.append(len(pictures))
        corners = [picture.getpixel((0, 0)) for picture in pictures]
        if (0, 0, 0) in corners:
            raise UncaptionedError(f"could not be captioned by {self.name}: too dark")
        return [f"{self.name} {'red' if red > blue else 'blue'}" for red, _, blue in corners]

    def close(self):
        self.open -= 1


@pytest.fixture
def writers(monkeypatch):
    prepared = {name: Writer(name) for name in ("blip", "wd14")}
    monkeypatch.setattr("preprocessing.captions.writing.captioner_module", prepared.__getitem__)
    return prepared


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, colour in {"a": "red", "b": "blue", "c": "red"}.items():
        Image.new("RGB", (32, 32), colour).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def captions(tmp_path):
    """The captions of the destination, by the name of the source."""
    return lambda: {p.stem: p.read_text() for p in sorted((tmp_path / "out").glob("*.txt"))}


def test_every_picture_gets_its_own_words(run, writers, captions):
    events = list(run(caption="blip", caption_batch=2))
    assert captions() == {
        "00000-0-a": "blip red\n", "00001-0-b": "blip blue\n", "00002-0-c": "blip red\n",
    }  # fmt: skip
    assert writers["blip"].batches == [2, 1]
    assert [type(event) for event in events[1:]] == [Loading, *[Progressed] * 3, Finished]


def test_several_are_joined_in_the_order_chosen(run, writers, captions):
    list(run(caption="wd14,blip"))
    assert captions()["00001-0-b"] == "wd14 blue, blip blue\n"


@pytest.mark.parametrize(
    ("policy", "caption"),
    [
        ("ignore", "blip red"),
        ("copy", "a bear"),
        ("prepend", "a bear | blip red"),
        ("append", "blip red | a bear"),
    ],
)
def test_what_was_there_is_treated_as_asked(run, writers, source, captions, policy, caption):
    (source / "a.txt").write_text("a bear")
    list(run(caption="blip", existing_captions=policy, caption_joiner=" | "))
    assert captions()["00000-0-a"] == f"{caption}\n"
    assert sum(writers["blip"].batches) == (2 if policy == "copy" else 3)


def test_captions_that_stood_in_the_way_are_told(run, writers, source):
    (source / "a.txt").write_text("a bear")
    said = [event.message for event in run(caption="blip") if isinstance(event, Warned)]
    assert len(said) == 1
    assert said[0].startswith("1 of 3 pictures kept the caption they had")


def test_a_mirrored_copy_is_looked_at_itself(run, writers, source, captions):
    picture = Image.new("RGB", (32, 32), "red")
    picture.paste("blue", (16, 0, 32, 32))
    picture.save(source / "a.png")
    list(run(caption="blip", flipped_copies="horizontal"))
    assert [captions()[f"00000-{sub}-a"] for sub in "01"] == ["blip red\n", "blip blue\n"]


def test_captions_alone_leave_the_pictures(run, writers, captions, tmp_path):
    events = list(run(caption="blip", output_format="captions"))
    assert captions() == {"a": "blip red\n", "b": "blip blue\n", "c": "blip red\n"}
    assert not list((tmp_path / "out").glob("*.png"))
    assert events[-1] == Finished(3, "finished", str(tmp_path / "out"))


def test_one_that_fails_is_named_and_the_rest_done(run, writers, source, captions, tmp_path):
    Image.new("RGB", (32, 32), "black").save(source / "b.png")
    events = list(run(caption="blip"))
    assert captions() == {"00000-0-a": "blip red\n", "00001-0-c": "blip red\n"}
    why = f"Picture {source / 'b.png'} could not be captioned by blip: too dark"
    assert [event for event in events if isinstance(event, Warned)] == [Warned(why)]
    assert not list((tmp_path / "out").glob("*-b.png"))


def test_when_all_fail_the_first_reason_is_told(run, writers, source):
    for name in "abc":
        Image.new("RGB", (32, 32), "black").save(source / f"{name}.png")
    with pytest.raises(DatasetError, match=r"None of the pictures .*\(3\).* blip: too dark"):
        list(run(caption="blip"))
    assert writers["blip"].open == 0


def test_what_is_captioned_already_loads_nothing(run, writers):
    list(run(caption="blip"))
    writers["blip"].batches.clear()
    events = list(run(caption="blip", caption_batch=1))
    assert writers["blip"].batches == []
    assert not any(isinstance(event, Loading) for event in events)


def test_other_settings_of_a_captioner_write_anew(run, writers, captions):
    list(run(caption="blip"))
    list(run(caption="blip", tags_filter="x"))
    assert sum(writers["blip"].batches) == 3
    list(run(caption="blip", caption_num_beams=3))
    assert sum(writers["blip"].batches) == 6


def test_a_stop_is_heard_between_batches(run, writers, captions):
    stop = threading.Event()
    for event in run(stop, caption="blip", caption_batch=1):
        if isinstance(event, Progressed):
            stop.set()
    assert event.reason == "stopped"
    assert list(captions()) == ["00000-0-a"]
    assert writers["blip"].open == 0


@pytest.mark.slow
def test_a_captioner_sees_no_transparency_and_no_giants(run, writers, source, monkeypatch):
    seen = []
    monkeypatch.setattr(writers["wd14"], "caption", lambda all: [seen.append(p) or "" for p in all])
    Image.new("RGBA", (3000, 300), (255, 0, 0, 0)).save(source / "a.png")
    list(run(caption="wd14", keep_alpha=True, keep_original_size=True))
    assert (seen[0].mode, seen[0].size) == ("RGB", (1024, 102))
    assert seen[0].getpixel((9, 9)) == (255, 255, 255)


def test_what_is_missing_is_told_before_anything_is_written(run, tmp_path):
    with pytest.raises(ModelError, match="There is no DeepDanbooru model at models/deepdanbooru"):
        list(run(caption="deepdanbooru"))
    assert not (tmp_path / "out").exists()
