"""What is read of a picture's file beside its pixels, and how its path is shown."""

from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from textual_inversion.images.files import path_text, read_infotext


def test_the_settings_that_a_png_carries_are_read(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a cat\nSteps: 20")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=info)
    assert read_infotext(tmp_path / "a.png") == "a cat\nSteps: 20"


def test_a_file_without_settings_has_none(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    for name in ("missing.png", "text.png", "plain.png"):
        assert read_infotext(tmp_path / name) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cat.png", "cat.png"),
        ("a\nb.png", r"a\nb.png"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff.png", r"\udcff.png"),  # a byte that is no UTF-8
        ("gnp.\u202ecat", r"gnp.\u202ecat"),  # turns the rest of the line around
    ],
)
def test_a_path_cannot_steer_a_terminal(name, text):
    assert path_text(Path(name)) == text
