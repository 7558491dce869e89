import numpy as np
import pytest
from PIL import Image

from tests.generation.drawing import mask_of, scene
from textual_inversion.errors import DatasetError, SettingsError
from textual_inversion.generation.init_image.canvas import open_canvas
from textual_inversion.generation.params import InitImage


def init(path, mask="", **changes):
    choices = {"resize_mode": "crop and resize", "area": "whole picture", "content": "original"}
    numbers = {"strength": 0.5, "blur": 0, "padding": 4, "invert": False}
    return InitImage(str(path), str(mask), **choices | numbers | changes)


@pytest.mark.parametrize(
    ("mode", "left", "middle"),
    [("just resize", 0, 255), ("crop and resize", 255, 255), ("resize and fill", 0, 255)],
)
def test_a_picture_comes_to_the_size_as_asked(tmp_path, mode, left, middle):
    """Of a wide picture, black but for its middle, the sides are squeezed, cut or kept."""
    picture = Image.new("L", (120, 40))
    picture.paste(255, (40, 0, 80, 40))
    picture.convert("RGB").save(tmp_path / "wide.png")
    drawn = open_canvas(init(tmp_path / "wide.png", resize_mode=mode), 40, 40).picture
    assert (drawn.size, drawn.getpixel((2, 20))[0], drawn.getpixel((20, 20))[0]) == (
        (40, 40), left, middle,
    )  # fmt: skip
    if mode == "resize and fill":
        assert drawn.getpixel((20, 1)) == drawn.getpixel((20, 14))


def test_what_is_not_masked_keeps_its_own_pixels(tmp_path):
    path = scene(tmp_path / "a.png")
    canvas = open_canvas(init(path, mask_of(tmp_path / "m.png", (0, 0, 32, 64))), 64, 64)
    done = np.asarray(canvas.finish(Image.new("RGB", (64, 64))))
    with Image.open(path) as picture:
        assert (done[:, 32:] == np.asarray(picture)[:, 32:]).all()
    assert (done[:, :32] == 0).all()


def test_the_region_around_a_mask_has_the_wanted_shape_and_lies_within(tmp_path):
    path = scene(tmp_path / "a.png", (200, 100))
    mask = mask_of(tmp_path / "m.png", (180, 10, 196, 40), (200, 100))
    canvas = open_canvas(init(path, mask, area="only masked"), 64, 64)
    left, top, right, bottom = canvas.box
    assert (right - left, bottom - top) == (38, 38)
    assert (right, top) == (200, 6)
    assert canvas.finish(canvas.picture).size == (200, 100)


def test_a_region_may_be_cut_where_the_picture_ends(tmp_path):
    path = scene(tmp_path / "a.png", (200, 40))
    mask = mask_of(tmp_path / "m.png", (20, 0, 120, 40), (200, 40))
    assert open_canvas(init(path, mask, area="only masked"), 64, 64).box == (16, 0, 124, 40)


def test_filling_takes_the_colours_around(tmp_path):
    picture = Image.new("RGB", (64, 64), "red")
    picture.paste((0, 0, 255), (24, 24, 40, 40))
    picture.save(tmp_path / "a.png")
    mask = mask_of(tmp_path / "m.png", (20, 20, 44, 44))
    canvas = open_canvas(init(tmp_path / "a.png", mask, content="fill"), 64, 64)
    assert np.abs(np.asarray(canvas.picture, int) - (255, 0, 0)).max() < 12
    assert canvas.original.getpixel((32, 32)) == (0, 0, 255)


def test_a_blurred_mask_is_soft_within_and_whole_in_the_middle(tmp_path):
    path, mask = scene(tmp_path / "a.png"), mask_of(tmp_path / "m.png", (16, 16, 48, 48))
    canvas = open_canvas(init(path, mask, blur=4), 64, 64)
    assert canvas.mask.getpixel((32, 32)) > 250
    assert 100 < canvas.mask.getpixel((16, 32)) < 150
    assert canvas.overlay.getpixel((17, 32)) == 255
    assert 0 < canvas.overlay.getpixel((10, 32)) < 100


def test_what_is_no_picture_is_said(tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    for name in ("notes.png", "none.png"):
        with pytest.raises(DatasetError, match=f"Picture .*{name} (is no picture|cannot be read)"):
            open_canvas(init(tmp_path / name), 64, 64)


def test_a_mask_of_another_size_or_without_a_mark_is_said(tmp_path):
    path = scene(tmp_path / "a.png")
    with pytest.raises(SettingsError, match="m.png is 32 x 32 pixels, but the picture is 64 x 64"):
        open_canvas(init(path, mask_of(tmp_path / "m.png", (0, 0, 9, 9), (32, 32))), 64, 64)
    with pytest.raises(SettingsError, match="m.png is black all over; paint white"):
        open_canvas(init(path, mask_of(tmp_path / "m.png", (0, 0, 0, 0))), 64, 64)
    whole = mask_of(tmp_path / "m.png", (0, 0, 64, 64))
    with pytest.raises(SettingsError, match="m.png is white all over; paint black"):
        open_canvas(init(path, whole, invert=True), 64, 64)
