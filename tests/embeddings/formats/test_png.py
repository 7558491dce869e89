import base64
import json
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.embeddings.formats import pixels
from tests.embeddings.formats.samples import bare, facts, only, published, sd1, sdxl
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import png, png_pixels
from textual_inversion.errors import EmbeddingError


def read_picture(path):
    return only(png.read(path))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.png"


def picture(size=(96, 96)):
    return Image.linear_gradient("L").resize(size).convert("RGB")


def text_of(path):
    with Image.open(path) as opened:
        return opened.info


def save_chunk(path, data: bytes):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(png.CHUNK, base64.b64encode(data).decode())
    picture().save(path, pnginfo=chunks)


@pytest.mark.parametrize("embedding", [sd1(), sdxl(), Embedding("x", (sd1().vectors[0] * 0,))])
def test_what_is_written_is_read_by_chunk_and_by_pixels(path, embedding):
    png.write(path, picture(), embedding)
    assert facts(read_picture(path)) == facts(bare(embedding, "file"))
    Image.open(path).convert("RGB").save(path)
    assert png.CHUNK not in text_of(path)
    assert facts(read_picture(path)) == facts(bare(embedding, "file"))


def test_the_pixels_survive_lossless_webp_and_black_margins(tmp_path):
    framed = Image.new("RGB", (400, 200))
    framed.paste(png.embed(picture(), sd1()), (20, 30))
    framed.save(tmp_path / "cat.webp", lossless=True)
    assert facts(read_picture(tmp_path / "cat.webp")) == facts(sd1())


@pytest.mark.parametrize("embedding", [sd1(), sdxl(), Embedding("x", (sd1().vectors[0] * 0,))])
def test_a1111s_rule_finds_the_vectors_in_pictures_that_are_black(embedding):
    """It cuts off black margins first, which must not take a row of the blocks with them."""
    written = png._dumps(embedding)
    heights = range(24, 96, 3)
    found = [pixels.data_in(png.embed(Image.new("RGB", (30, h)), embedding)) for h in heights]
    assert found == [written] * len(heights)


@pytest.mark.parametrize("form", ["webp", "jxl"])
def test_every_lossless_format_keeps_the_vectors_in_the_pixels(tmp_path, form):
    if form == "jxl":
        pytest.importorskip("pillow_jxl")
    path = tmp_path / f"cat.{form}"
    png.embed(picture(), sd1()).save(path, form.upper(), lossless=True)
    assert facts(read_picture(path)) == facts(sd1())


def test_avif_is_opened_and_its_pixels_are_looked_through(tmp_path):
    """Pillow writes none without loss, so what is found is that there is no embedding."""
    picture().save(tmp_path / "cat.avif", quality=100, subsampling="4:4:4")
    with pytest.raises(png.PlainPictureError, match="lossy formats destroy"):
        read_picture(tmp_path / "cat.avif")


def test_jpeg_xl_without_its_plugin_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(png, "_formats", lambda: ["PNG"])
    (tmp_path / "cat.jxl").write_bytes(b"\xff\x0a")
    with pytest.raises(EmbeddingError, match="pip install pillow-jxl-plugin"):
        read_picture(tmp_path / "cat.jxl")


def test_further_text_lies_beside_the_embedding(path):
    png.write(path, picture(), sd1(), text={"parameters": "a cat ☃\nSteps: 20"})
    assert text_of(path)["parameters"] == "a cat ☃\nSteps: 20"
    assert facts(read_picture(path)) == facts(sd1())


def test_the_picture_grows_by_its_blocks_only():
    found = png.embed(picture((640, 512)), sd1(width=768, num_vectors=1))
    assert (found.mode, found.size) == ("RGB", (652 + 2, 512))
    columns = np.flatnonzero(~np.asarray(found).any(axis=(0, 2)))
    assert columns.tolist() == [6, 647]


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK", "1"])
def test_a_picture_of_any_mode_can_carry_one(path, mode):
    png.write(path, picture().convert(mode), sd1())
    assert facts(read_picture(path)) == facts(sd1())


@pytest.mark.parametrize("size", [(1, 1), (8, 600), (600, 8)])
def test_a_picture_of_any_size_can_carry_one(path, size):
    png.write(path, picture(size), sd1())
    assert facts(read_picture(path)) == facts(sd1())


def test_the_json_is_laid_out_as_a1111_does(path):
    png.write(path, picture(), Embedding("cat", (sd1().vectors[0][:1, :2],), 7))
    found = base64.b64decode(text_of(path)[png.CHUNK]).decode()
    first, second = sd1().vectors[0][0, :2].tolist()
    assert found == (
        '{"string_to_token": {"*": 265}, "string_to_param": {"*": {"TORCHTENSOR": '
        f'[[{first!r}, {second!r}]]}}}}, "name": "cat", "step": 7, '
        '"sd_checkpoint": null, "sd_checkpoint_name": null}'
    )


@pytest.mark.slow
def test_a_published_picture_reads_the_same_by_chunk_and_by_pixels(path):
    by_chunk = read_picture(published("a1111-test_embedding.png"))
    Image.open(published("a1111-test_embedding.png")).convert("RGB").save(path)
    assert (by_chunk.name, by_chunk.step, by_chunk.widths) == ("rick", 60, (768,))
    assert by_chunk.num_vectors == 8
    assert facts(read_picture(path)) == facts(by_chunk)


def test_a_published_picture_is_written_with_the_same_chunk(path):
    original = published("a1111-test_embedding.png")
    png.write(path, picture(), read_picture(original))
    chunks = [text_of(file)[png.CHUNK] for file in (path, original)]
    assert chunks[0] == chunks[1]


@pytest.mark.parametrize("black", [[], [10], [10, 80], [0, 95], [40, 41, 42]])
def test_an_ordinary_picture_is_told_from_an_embedding(path, black):
    plain = np.asarray(picture()) | 1
    plain[:, black] = 0
    Image.fromarray(plain).save(path)
    with pytest.raises(png.PlainPictureError, match="is a picture without an embedding"):
        read_picture(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b'{"string_to_param": {"*": {"TORCHTENSOR": [[1], [1, 2]]}}}',
        b'{"string_to_param": {"*": {"TORCHTENSOR": "text"}}}',
        b'{"string_to_param": {"*": {"TORCHTENSOR": [[NaN]]}}}',
        b'{"string_to_param": {"*": {"TORCHTENSOR": [[1e300]]}}}',
        b'{"string_to_param": {"*": {"TORCHTENSOR": [[%s]]}}}' % (b"9" * 400),
        b'{"string_to_param": {"*": {"TORCHTENSOR": [[%s]]}}}' % (b"9" * 5000),
        b'{"string_to_param": {"*": {"TORCHTENSOR": null}}}',
        b'{"string_to_param": {"*": [[1, 2]]}}',
        b'{"name": "cat"}',
        b"[1, 2]",
    ],
)
def test_a_damaged_chunk_is_one_clear_error(path, data):
    save_chunk(path, data)
    with pytest.raises(EmbeddingError, match=r"damaged|broken|not"):
        read_picture(path)


def test_a_chunk_that_is_not_base64_is_one_clear_error(path):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(png.CHUNK, "???")
    picture().save(path, pnginfo=chunks)
    with pytest.raises(EmbeddingError, match="holds a damaged embedding"):
        read_picture(path)


def test_a_stream_that_unpacks_to_too_much_is_not_unpacked(path):
    bomb = zlib.compress(bytes(png.MAX_JSON_BYTES + 1), 9)
    png_pixels.add_blocks(picture(), bomb, np.array([1, 2])).save(path)
    with pytest.raises(EmbeddingError):
        read_picture(path)


def test_a_chunk_longer_than_any_embedding_is_not_decoded(path, monkeypatch):
    monkeypatch.setattr(png, "MAX_JSON_BYTES", 1000)
    save_chunk(path, json.dumps({"name": "x" * 2000}).encode())
    with pytest.raises(EmbeddingError, match="more text than an embedding can have"):
        read_picture(path)


@pytest.mark.slow
def test_a_picture_of_too_many_pixels_is_not_unpacked(path):
    Image.new("1", (8192, 8192)).save(path)
    with pytest.raises(EmbeddingError, match="too large a picture"):
        read_picture(path)


@pytest.mark.parametrize("kept", [4, 40, 300, 700])
def test_a_cut_off_picture_is_one_clear_error(path, kept):
    png.write(path, picture(), sd1())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EmbeddingError):
        read_picture(path)


def test_a_picture_in_a_format_that_runs_programs_is_not_opened(path):
    picture().save(path, "EPS")
    with pytest.raises(EmbeddingError, match="cannot be opened as a picture"):
        read_picture(path)
