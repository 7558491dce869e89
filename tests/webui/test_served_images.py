"""Only pictures are copied to where the page serves from."""

from pathlib import Path

import pytest
from PIL import Image

from webui.served_images import served


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    return tmp_path


def picture(path, *, size=(8, 8), **options):
    Image.new("RGB", size, "red").save(path, **options)
    return str(path)


def test_a_picture_is_copied_byte_for_byte(folder):
    path = picture(folder / "a.png")
    copy = Path(served(path))
    assert copy.read_bytes() == Path(path).read_bytes()
    assert copy.parent == folder / "served" / "pictures"


@pytest.mark.parametrize("name", ["secret.txt", "secret.png", "nothing.png"])
def test_anything_else_is_not_served(folder, name):
    if name != "nothing.png":
        (folder / name).write_text("<svg onload=alert(1)>")
    assert served(str(folder / name)) is None
    assert not list(folder.glob("served/pictures/*"))


def test_a_changed_picture_is_copied_again(folder):
    first = served(picture(folder / "a.png"))
    second = served(picture(folder / "a.png", size=(9, 9)))
    assert first != second


def test_a_thumbnail_is_small_and_upright(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    path = picture(folder / "a.jpg", size=(2000, 1000), exif=exif)
    with Image.open(served(path, small=True)) as image:
        assert image.size == (256, 512)


def test_an_odd_format_is_served_as_a_thumbnail(folder):
    assert served(picture(folder / "a.bmp")).endswith(".webp")
