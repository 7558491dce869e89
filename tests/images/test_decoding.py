import codecs
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageCms

from textual_inversion.errors import DatasetError
from textual_inversion.images import decoding
from textual_inversion.images.decoding import one_large_picture_at_a_time, open_picture, path_text
from textual_inversion.images.folder import find_pictures, read_caption
from textual_inversion.images.resizing import cover, cut

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def two_colours(size=(40, 20)):
    """Red on the left half, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def swapped_profile():
    """sRGB with red and blue exchanged, so that a colour shows whether it was applied."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"temp").replace(b"bXYZ", b"rXYZ").replace(b"temp", b"bXYZ")


def close_to(colour, other):
    return all(abs(one - two) <= 3 for one, two in zip(colour, other, strict=True))


def test_pictures_are_listed_as_people_count(tmp_path):
    for name in ("b10.png", "B2.JPG", "a.webp", "٣1.png", ".hidden.png", "notes.txt", ".DS_Store"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in find_pictures(tmp_path)] == [
        "a.webp",
        "B2.JPG",
        "b10.png",
        "٣1.png",
    ]


def test_a_dangling_link_is_listed_to_be_named(tmp_path):
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert find_pictures(tmp_path) == [tmp_path / "gone.png"]


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(DatasetError, match=r"There is no folder .*nowhere; check the spelling"):
        find_pictures(tmp_path / "nowhere")


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(DatasetError, match=r"a\.png is a file; name the folder"):
        find_pictures(tmp_path / "a.png")


def test_an_unusable_path_is_said(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read: File name too long"):
        find_pictures(tmp_path / ("x" * 300))
    with pytest.raises(DatasetError, match=r"cannot be read: .*null"):
        find_pictures(tmp_path / "\0")


@pytest.mark.parametrize("names", [[], ["a.txt", "b.md"]])
def test_a_folder_without_pictures_is_said(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DatasetError, match="holds no pictures; put some in"):
        find_pictures(tmp_path)


@pytest.mark.parametrize(("orientation", "turn"), [(3, 3), (6, 2), (8, 4)])
@pytest.mark.parametrize("extension", ["png", "webp", "tif"])
def test_a_turned_picture_is_set_upright(tmp_path, orientation, turn, extension):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = two_colours().transpose(Image.Transpose(turn))
    options = {"lossless": True} if extension == "webp" else {}
    stored.save(tmp_path / f"a.{extension}", exif=exif, **options)
    read = open_picture(tmp_path / f"a.{extension}")
    assert (read.size, read.tobytes()) == ((40, 20), two_colours().tobytes())


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_lose_the_picture(tmp_path):
    two_colours().save(tmp_path / "a.png", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff rubbish")
    assert open_picture(tmp_path / "a.png").tobytes() == two_colours().tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_are_brought_to_srgb_and_the_profile_goes(tmp_path, mode):
    image = Image.new(mode, (4, 4), RED)
    image.save(tmp_path / "a.png", icc_profile=swapped_profile())
    read = open_picture(tmp_path / "a.png")
    assert close_to(read.getpixel((0, 0)), BLUE)
    assert read.info == {}


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_that_does_not_fit_is_left_out(tmp_path, mode):
    profile = b"rubbish" * 30 if mode == "RGB" else swapped_profile()
    Image.new("RGB", (4, 4), WHITE).convert(mode).save(tmp_path / "a.tif", icc_profile=profile)
    assert open_picture(tmp_path / "a.tif").getpixel((0, 0)) == WHITE


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(tmp_path, mode):
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    image.convert(mode).save(tmp_path / "a.png")
    read = open_picture(tmp_path / "a.png")
    assert (read.mode, read.tobytes()) == ("RGB", bytes([0, 0, 0, 255, 255, 255]))


def test_a_colour_marked_transparent_becomes_white(tmp_path):
    two_colours().save(tmp_path / "a.png", transparency=RED)
    read = open_picture(tmp_path / "a.png")
    assert (read.getpixel((0, 0)), read.getpixel((39, 0))) == (WHITE, BLUE)


@pytest.mark.parametrize(
    ("mode", "grey"), [("I;16", 128 * 257), ("I", 128 * 257), ("F", 128 / 255)]
)
def test_deep_greys_keep_their_brightness(tmp_path, mode, grey):
    image = Image.new(mode, (2, 1), grey)
    image.putpixel((1, 0), {"F": 1.0}.get(mode, 65535))
    image.save(tmp_path / "a.tif")
    assert open_picture(tmp_path / "a.tif").tobytes() == bytes([128] * 3 + [255] * 3)


@pytest.mark.parametrize("name", ["a.gif", "a.mpo", "a.webp"])
def test_of_several_pictures_the_first_is_taken(tmp_path, name):
    first, second = Image.new("RGB", (16, 16), RED), Image.new("RGB", (16, 16), BLUE)
    first.save(tmp_path / name, save_all=True, append_images=[second])
    assert close_to(open_picture(tmp_path / name).getpixel((8, 8)), RED)


def test_a_print_in_four_inks_is_read(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    assert close_to(open_picture(tmp_path / "a.jpg").getpixel((8, 8)), RED)


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "gif"])
def test_a_file_cut_short_is_named(tmp_path, extension):
    whole = tmp_path / f"whole.{extension}"
    Image.effect_noise((100, 100), 50).save(whole)
    cut = tmp_path / f"cut.{extension}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(DatasetError, match=rf"^Picture .*cut\.{extension} is .*remove it\.$"):
        open_picture(cut)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is an empty file"), (b"hello", "is no picture this program can read")],
)
def test_what_is_no_picture_is_named(tmp_path, data, reason):
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(DatasetError, match=rf"^Picture .*a\.jpg {reason}; .*remove it\.$"):
        open_picture(tmp_path / "a.jpg")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"a\.jpg cannot be read: No such file"):
        open_picture(tmp_path / "a.jpg")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path):
    header = b"P6 20000 9000 255\n"
    (tmp_path / "a.ppm").write_bytes(header)
    with pytest.raises(DatasetError, match="more than 178 million pixels; make it smaller first"):
        open_picture(tmp_path / "a.ppm")


def test_a_very_wide_picture_is_read_and_covered(tmp_path):
    two_colours((20_000, 30)).save(tmp_path / "a.png")
    read = cover(open_picture(tmp_path / "a.png", min_size=(64, 32)), 64, 32)
    assert (read.size, read.getpixel((0, 0)), read.getpixel((63, 31))) == ((64, 32), RED, BLUE)


@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_a_much_larger_picture_may_come_reduced(tmp_path, extension):
    two_colours((400, 300)).save(tmp_path / f"a.{extension}")
    read = open_picture(tmp_path / f"a.{extension}", min_size=(10, 20))
    assert read.size in {(100, 75), (80, 60)}  # JPEG by powers of two only; both at least 3 x 20
    assert close_to(read.getpixel((5, 5)), (254, 0, 0))


@pytest.mark.slow
@given(
    source=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    target=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
@settings(deadline=None, max_examples=150)
def test_cover_gives_exactly_the_size_asked_for(source, target):
    assert cover(Image.new("RGB", source, RED), *target).size == target


@given(extreme=st.sampled_from([(1, 1), (1, 5000), (5000, 1), (4999, 3), (8, 8)]))
@settings(deadline=None)
def test_cover_bears_extreme_shapes(extreme):
    made = cover(Image.new("RGB", extreme, RED), 8, 256)
    assert (made.size, made.getcolors()) == ((8, 256), [(8 * 256, RED)])


def test_cover_keeps_the_middle():
    image = Image.new("RGB", (30, 10), WHITE)
    image.paste(RED, (10, 0, 20, 10))
    assert cover(image, 10, 10).getcolors() == [(100, RED)]


def test_cover_leaves_a_picture_of_that_size_as_it_is():
    assert cover(two_colours(), 40, 20).tobytes() == two_colours().tobytes()


@pytest.mark.parametrize(
    "data",
    ["\n ein Bär \n".encode(), codecs.BOM_UTF8 + "ein Bär".encode(), "ein Bär".encode("utf-16")],
)
def test_the_text_beside_a_picture_is_read(tmp_path, data):
    (tmp_path / "a.b.txt").write_bytes(data)
    assert read_caption(tmp_path / "a.b.png") == "ein Bär"


def test_text_in_another_encoding_is_read_as_far_as_it_goes(tmp_path):
    (tmp_path / "a.txt").write_bytes("ein Bär".encode("latin-1"))
    assert read_caption(tmp_path / "a.png") == "ein B\ufffdr"


def test_no_text_is_not_an_empty_text(tmp_path):
    (tmp_path / "a.txt").touch()
    assert (read_caption(tmp_path / "a.png"), read_caption(tmp_path / "b.png")) == ("", None)


def test_a_caption_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(DatasetError, match=rf"Caption .*a\.txt cannot be read: {os.strerror(21)}"):
        read_caption(tmp_path / "a.png")


def test_transparency_is_kept_when_asked_with_the_colours_it_hides(tmp_path):
    image = Image.new("RGBA", (40, 20), (*RED, 255))
    image.paste((*BLUE, 0), (20, 0, 40, 20))
    image.save(tmp_path / "a.png")
    read = cover(open_picture(tmp_path / "a.png", min_size=(2, 1), keep_alpha=True), 8, 4)
    assert (read.mode, read.getpixel((0, 0)), read.getpixel((7, 3))) == (
        "RGBA",
        (*RED, 255),
        (*BLUE, 0),
    )


def test_a_picture_without_transparency_has_none_to_keep(tmp_path):
    two_colours().save(tmp_path / "a.png")
    assert open_picture(tmp_path / "a.png", keep_alpha=True).mode == "RGB"


def test_a_cut_takes_just_its_box():
    assert cut(two_colours(), (30, 0, 40, 20), width=5, height=7).getcolors() == [(35, BLUE)]


def test_a_path_is_shown_on_one_line():
    name = b"a\nb\xff \xf0\x9f\x90\xbb.png".decode(errors="surrogateescape")
    assert path_text(Path(name)) == "a\\nb\\udcff 🐻.png"


def test_large_pictures_are_worked_on_one_at_a_time(tmp_path, monkeypatch):
    two_colours().save(tmp_path / "a.png")
    monkeypatch.setattr("textual_inversion.images.decoding._LARGE_PIXELS", 100)
    with one_large_picture_at_a_time(tmp_path / "a.png"):
        with ThreadPoolExecutor(1) as other:
            assert not other.submit(decoding._large_picture_lock.acquire, blocking=False).result()
        assert open_picture(tmp_path / "a.png").size == (40, 20)  # its own thread may go on


@pytest.mark.parametrize("name", ["gone.png", "a.txt"])
def test_what_cannot_be_read_takes_no_room(tmp_path, name):
    (tmp_path / "a.txt").write_text("no picture")
    with one_large_picture_at_a_time(tmp_path / name), ThreadPoolExecutor(1) as other:
        assert other.submit(decoding._large_picture_lock.acquire, blocking=False).result()
        other.submit(decoding._large_picture_lock.release).result()
