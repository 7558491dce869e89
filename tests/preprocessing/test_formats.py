"""What is written: formats, transparency, captions alone, folders below, drawings."""

import pytest
from PIL import Image

from preprocessing import preprocess
from textual_inversion.events import Finished, Warned
from textual_inversion.settings import PreprocessSettings


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    for name in ("a.png", "below/b.png"):
        Image.new("RGB", (30, 20), "red").save(folder / name)
        (folder / name).with_suffix(".txt").write_text("a house")
    return folder


@pytest.fixture
def run(source, tmp_path):
    def run(destination="out", **choices):
        there = str(tmp_path / destination)
        settings = PreprocessSettings(source=str(source), destination=there, **choices)
        return list(preprocess(settings, size=16))

    return run


def names(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return sorted(path.relative_to(folder).as_posix() for path in files)


@pytest.mark.parametrize(
    ("output_format", "extension"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")]
)
def test_pictures_are_written_in_the_format_asked_for(run, tmp_path, output_format, extension):
    run(output_format=output_format)
    assert names(tmp_path / "out") == sorted([f"00000-0-a.{extension}", "00000-0-a.txt"])
    with Image.open(tmp_path / "out" / f"00000-0-a.{extension}") as image:
        assert (image.format, image.size) == (output_format.upper(), (16, 16))


def test_captions_alone_are_named_like_their_pictures(run, tmp_path):
    events = run(output_format="captions", recursive=True)
    assert names(tmp_path / "out") == ["a.txt", "below/b.txt"]
    assert (tmp_path / "out" / "a.txt").read_text() == "a house\n"
    assert events[-1] == Finished(2, "finished", str(tmp_path / "out"))


def test_captions_of_folders_below_are_known_again(run):
    run(output_format="captions", recursive=True)
    said = [e.message for e in run(output_format="captions", recursive=True) if type(e) is Warned]
    assert [message[:32] for message in said] == ["2 of 2 pictures were already pre"]


def test_no_caption_to_write_is_said(run, source, tmp_path):
    (source / "a.txt").unlink()
    events = run(output_format="captions")
    assert events[-2:] == [
        Warned(f"There was nothing to write: no picture in {source} has a caption."),
        Finished(0, "finished", str(tmp_path / "out")),
    ]


def test_folders_below_are_included_when_asked(run, tmp_path):
    run(recursive=True)
    assert names(tmp_path / "out") == [
        "00000-0-a.png", "00000-0-a.txt", "00001-0-b.png", "00001-0-b.txt"
    ]  # fmt: skip


def test_what_was_prepared_is_not_prepared_again(run, source):
    for _ in range(2):
        run("in/ready", recursive=True)
    assert len(names(source / "ready")) == 4


def masked(size):
    """Red with a hidden right half, which is blue."""
    image = Image.new("RGBA", size, (255, 0, 0, 255))
    image.paste((0, 0, 255, 0), (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize("output_format", ["png", "webp"])
@pytest.mark.parametrize("choices", [{}, {"flipped_copies": "horizontal"}, {"focal_crop": True}])
def test_transparency_is_kept_as_a_mask_when_asked(run, source, tmp_path, output_format, choices):
    masked((64, 32)).save(source / "a.png")
    run(keep_alpha=True, output_format=output_format, **choices)
    prepared = Image.open(next((tmp_path / "out").glob(f"00000-0-a.{output_format}")))
    assert (prepared.mode, prepared.size) == ("RGBA", (16, 16))
    assert prepared.getchannel("A").getextrema()[1] == 255


def test_what_a_mask_hides_keeps_its_colour(run, source, tmp_path):
    masked((64, 64)).save(source / "a.png")
    run(keep_alpha=True)
    prepared = Image.open(tmp_path / "out" / "00000-0-a.png")
    assert (prepared.getpixel((1, 8)), prepared.getpixel((14, 8))) == (
        (255, 0, 0, 255),
        (0, 0, 255, 0),
    )


@pytest.mark.parametrize("choices", [{}, {"keep_alpha": True, "output_format": "jpeg"}])
def test_white_is_put_behind_otherwise(run, source, tmp_path, choices):
    masked((64, 64)).save(source / "a.png")
    run(**choices)
    prepared = Image.open(next((tmp_path / "out").glob("00000-0-a.[pj]*")))
    assert (prepared.mode, min(prepared.getpixel((14, 8))) >= 254) == ("RGB", True)


def test_drawings_go_beside_the_destination(run, source, tmp_path):
    pytest.importorskip("cv2")
    run(focal_crop=True, focal_crop_debug=True, recursive=True)
    assert names(tmp_path / "out-debug") == ["00000-a.jpg", "00001-b.jpg"]
    assert len(names(tmp_path / "out")) == 4


def test_a_picture_too_long_for_a_format_is_named(run, source):
    Image.new("L", (17_000, 1)).save(source / "b.png")
    events = run(keep_original_size=True, output_format="webp")
    said = [event.message for event in events if isinstance(event, Warned)]
    assert said[0].startswith(f"Picture {source / 'b.png'} cannot be saved as WEBP: ")


def test_strange_names_become_plain_ones(run, source, tmp_path):
    (source / "a.png").rename(source / "two\nlines: 🐻?.png")
    run()
    assert names(tmp_path / "out") == ["00000-0-two_lines_ 🐻_.png"]
