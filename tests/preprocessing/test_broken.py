"""Two hundred broken files in one folder: each is named with its reason, the rest is done."""

import random
from collections import Counter

import pytest
from PIL import Image

from preprocessing import preprocess
from textual_inversion.events import Finished, Progressed, Warned
from textual_inversion.settings import PreprocessSettings

FORMATS = ("png", "jpg", "webp", "gif", "bmp", "tif", "tga", "ppm", "jp2")
NUM_CUTS = 12
FINE = {
    "cmyk.jpg": "CMYK", "deep.png": "I;16", "deep.tif": "I;16", "float.tif": "F", "bit.png": "1",
    "grey.png": "L", "palette.png": "P", "alpha.png": "RGBA", "animal 🐻\n2.png": "RGB",
}  # fmt: skip


def cut_files(folder):
    """Files of every format that end too early, by various shares."""
    noise = Image.effect_noise((64, 64), 60).convert("RGB")
    for extension in FORMATS:
        whole = folder / f"whole.{extension}"
        noise.save(whole)
        data = whole.read_bytes()
        whole.unlink()
        for cut in range(NUM_CUTS):
            (folder / f"cut{cut}.{extension}").write_bytes(data[: len(data) * cut // 24])


def odd_files(folder):
    """Empty files, texts and noise under the names of pictures, bombs, links to nowhere."""
    draw = random.Random(0)
    for k in range(20):
        (folder / f"empty{k}.png").touch()
        (folder / f"text{k}.jpg").write_text("<html>not found</html>")
        (folder / f"noise{k}.webp").write_bytes(draw.randbytes(99))
        (folder / f"gone{k}.png").symlink_to(folder / "nowhere")
    for k in range(6):
        (folder / f"loop{k}.png").symlink_to(folder / f"loop{k}.png")
        (folder / f"bomb{k}.ppm").write_bytes(f"P6 {20000 + k} 9000 255\n".encode())


def fine_files(folder):
    """What is odd but can be read."""
    for name, mode in FINE.items():
        Image.new("RGB", (40, 30), "red").convert(mode if mode != "I;16" else "I").convert(
            mode
        ).save(folder / name)
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    for name in ("moving.gif", "moving.webp", "pair.mpo"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
    Image.new("RGB", (1, 1)).save(folder / "dot.png")


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    source = folder / "in"
    source.mkdir()
    for make in (cut_files, odd_files, fine_files):
        make(source)
    asked = PreprocessSettings(source=str(source), destination=str(folder / "out"))
    return list(preprocess(asked, size=16))


@pytest.mark.slow
def test_every_file_counts_and_what_can_be_read_is_done(events):
    total = len(FORMATS) * NUM_CUTS + 92 + len(FINE) + 4
    assert [e.done for e in events if isinstance(e, Progressed)] == list(range(1, total + 1))
    prepared = {e.source.rpartition("/")[2] for e in events if isinstance(e, Progressed) and e.path}
    assert prepared >= {*FINE, "moving.gif", "moving.webp", "pair.mpo", "dot.png"}
    assert isinstance(events[-1], Finished)
    assert total >= 200


def test_each_broken_file_is_named_in_one_line(events):
    said = [e.message for e in events if isinstance(e, Warned)]
    failed = [e.source for e in events if isinstance(e, Progressed) and not e.path]
    assert len(failed) >= 190
    for path in failed:
        assert sum(message.startswith(f"Picture {path} ") for message in said) == 1
    assert not any("\n" in message for message in said)


def test_each_reason_is_one_that_helps(events):
    reasons = (
        "is an empty file", "is no picture this program can read", "is damaged or cut short",
        "cannot be read: No such file", "cannot be read: Too many levels", "million pixels",
    )  # fmt: skip
    said = [e.message for e in events if isinstance(e, Warned) and "is only" not in e.message]
    counted = Counter(next((r for r in reasons if r in message), message) for message in said)
    assert set(counted) == set(reasons)
    assert (counted["million pixels"], counted["cannot be read: No such file"]) == (6, 20)


def test_the_written_pictures_have_no_gaps(events):
    prepared = sorted(
        e.path.rpartition("/")[2] for e in events if isinstance(e, Progressed) and e.path
    )
    assert [int(name[:5]) for name in prepared] == list(range(len(prepared)))
