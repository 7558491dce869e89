"""The chosen pictures: their crops, where they are prepared to, and taking one out."""

import pytest
from PIL import Image

from preprocessing.job import preprocess
from textual_inversion.errors import DatasetError
from textual_inversion.settings import StartSettings
from webui.start.picture_set import (
    crop_of,
    num_taken_out,
    preparing,
    put_back,
    read_set,
    sample_sets,
    take_out,
)


@pytest.fixture
def own(home, pictures):
    """The pictures as a set that was uploaded."""
    (home / "datasets").mkdir()
    return pictures.rename(home / "datasets" / "cats")


def chosen(folder):
    return StartSettings.build({"folder": str(folder), "name": "cat-x"})


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.mark.slow
def test_the_crop_that_is_drawn_is_the_one_that_is_made(home):
    wide = Image.new("RGB", (300, 100), "white")
    wide.paste(Image.effect_noise((60, 60), 90).convert("RGB"), (220, 20))
    (home / "wide").mkdir()
    wide.save(home / "wide" / "a.png")
    prepared = preparing(chosen(home / "wide"))
    list(preprocess(prepared, size=64))
    left, top, width, height = crop_of(home / "wide" / "a.png", prepared, 64)
    assert left > 0.4
    assert (top, width, height) == pytest.approx((0, 1 / 3, 1))
    box = (300 * left, 0, 300 * (left + width), 100)
    expected = wide.resize((64, 64), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    (made,) = (home / "prepared" / "wide").glob("*.png")
    with Image.open(made) as image:
        assert list(image.getdata()) == list(expected.getdata())


def test_a_picture_that_cannot_be_read_has_no_crop(own):
    (own / "0.png").write_bytes(b"no picture")
    assert crop_of(own / "0.png", preparing(chosen(own)), 64) is None


def test_others_pictures_are_not_mixed_in(home, own):
    assert preparing(chosen(own)).destination == "prepared/cats"
    (home / "prepared" / "cats").mkdir(parents=True)
    (home / "prepared" / "cats" / "another.png").touch()
    assert preparing(chosen(own)).destination == "prepared/cats-2"
    assert preparing(chosen(own / ".." / "cats")).destination == "prepared/cats-2"


@pytest.mark.slow
def test_the_same_pictures_go_to_the_same_place_until_one_is_taken_out(own):
    list(preprocess(preparing(chosen(own)), size=64))
    assert preparing(chosen(own)).destination == "prepared/cats"
    take_out(read_set(str(own)), "1.png")
    assert preparing(chosen(own)).destination == "prepared/cats-2"


def test_what_is_taken_out_of_an_own_set_can_be_put_back(own):
    before = names(own)
    assert take_out(read_set(str(own)), "1.png") == ("datasets/cats", "1.png was taken out.")
    take_out(read_set(str(own)), "0.png")
    assert (names(own), num_taken_out(read_set(str(own)))) == (["2.png", "2.txt"], 2)
    put_back(read_set(str(own)))
    put_back(read_set(str(own)))
    assert (names(own), num_taken_out(read_set(str(own)))) == (before, 0)
    with pytest.raises(DatasetError, match="No picture was taken out"):
        put_back(read_set(str(own)))


def test_any_other_folder_is_only_read(home, pictures):
    before = names(pictures)
    folder, said = take_out(read_set("pictures"), "1.png")
    assert (folder, names(pictures)) == ("datasets/pictures", before)
    assert names(home / folder) == ["0.png", "0.txt", "2.png", "2.txt"]
    assert said == "That folder is only read, so the others were copied to datasets/pictures."
    assert take_out(read_set("pictures"), "0.png")[0] == "datasets/pictures-2"


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "9.png", ""])
def test_only_a_picture_of_the_set_can_be_named(own, name):
    (own.parent / "secret.png").touch()
    with pytest.raises(DatasetError, match="not here any more"):
        take_out(read_set(str(own)), name)
    assert (own.parent / "secret.png").exists()


def test_the_last_picture_stays(own):
    take_out(read_set(str(own)), "0.png")
    take_out(read_set(str(own)), "1.png")
    with pytest.raises(DatasetError, match="the only picture"):
        take_out(read_set(str(own)), "2.png")


def test_pictures_in_folders_that_count_are_found(own):
    (own / "3_side").mkdir()
    (own / "0.png").rename(own / "3_side" / "0.png")
    found = read_set(str(own))
    assert (len(found.pictures), found.recursive) == (3, True)
    take_out(found, "3_side/0.png")
    put_back(read_set(str(own)))
    assert (own / "3_side" / "0.png").is_file()


def test_the_sample_sets_are_those_of_the_project(home):
    assert [path.rpartition("/")[2] for path, _ in sample_sets()] == ["dolphin", "mammoth"]
