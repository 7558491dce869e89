from io import BytesIO

import gradio as gr
import pytest
from PIL import Image

from webui.generate.canvas import draw_canvas, save_canvas


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


def layer(box=None):
    painted = Image.new("RGBA", (32, 24))
    if box:
        painted.paste((255, 255, 255, 153), box)
    return painted


def test_a_picture_alone_is_one_to_begin_from():
    value = {"background": Image.new("RGB", (32, 24), "red"), "layers": [layer()]}
    named = save_canvas(value)
    assert list(named) == ["init_image"]
    with Image.open(named["init_image"]) as picture:
        assert (picture.size, picture.getpixel((0, 0))) == ((32, 24), (255, 0, 0))


def test_what_is_painted_is_white_in_the_mask():
    value = {"background": Image.new("RGB", (32, 24)), "layers": [layer((4, 4, 8, 8))]}
    with Image.open(save_canvas(value)["mask"]) as mask:
        assert (mask.getbbox(), mask.getextrema()) == ((4, 4, 8, 8), (0, 255))


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"background": None, "layers": []},
        {"background": Image.new("RGBA", (32, 24)), "layers": [layer((4, 4, 8, 8))]},
    ],
)
def test_an_empty_canvas_is_nothing_to_begin_from(value):
    assert save_canvas(value) == {}


def test_two_canvases_are_two_files():
    value = {"background": Image.new("RGB", (32, 24)), "layers": []}
    assert save_canvas(value) != save_canvas(value)


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"text"])
def test_what_no_browser_makes_of_a_picture_is_refused(data):
    with gr.Blocks():
        canvas = draw_canvas()
    with pytest.raises(gr.Error, match="save it as PNG or JPEG"):
        canvas.convert_and_format_image(data)


@pytest.mark.slow
def test_what_a_browser_makes_of_a_picture_is_read():
    drawn = BytesIO()
    Image.new("RGBA", (8, 6)).save(drawn, "PNG")
    with gr.Blocks():
        canvas = draw_canvas()
    assert canvas.convert_and_format_image(drawn.getvalue()).size == (8, 6)
