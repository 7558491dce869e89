import zlib

import numpy as np
from PIL import Image

from tests.embeddings.formats.samples import published
from textual_inversion.embeddings.formats import png, png_pixels

SHADES = np.arange(0, 256, 5, dtype=np.uint8)


def slowly_decoded(left, right):
    """Undo the blocks number by number, as the format is described."""
    state, values = 0, []
    for low, high in zip(left.ravel().tolist(), right.ravel().tolist(), strict=True):
        state = (state * 1664525 + 1013904223) % 2**32
        hidden = state % 255 & 15
        values.append((low & 15 ^ hidden) | (high & 15 ^ hidden) << 4)
    return bytes(values)


def test_the_blocks_hold_the_stream_and_then_the_stream_again():
    stream = bytes(range(256)) * 3
    found = slowly_decoded(*png_pixels.blocks(stream, SHADES, height=64))
    assert found == (stream * 2)[: 64 * 3 * 5]


def test_a_block_is_always_wider_than_the_stream_needs():
    widths = [
        png_pixels.blocks(bytes(n), SHADES, height=10)[0].shape[1] for n in (1, 19, 20, 29, 30)
    ]
    assert widths == [1, 1, 2, 2, 2]


def test_the_circles_leave_the_data_alone_and_mirror_their_shades():
    left, right = png_pixels.blocks(b"cat", SHADES, height=64)
    mirrored, _ = png_pixels.blocks(b"cat", SHADES[::-1], height=64)
    assert np.array_equal(left & 15, mirrored & 15)
    assert np.array_equal(right & 0xF0, mirrored & 0xF0)


def test_black_margins_can_be_cut_off():
    picture = png_pixels.add_blocks(Image.new("RGB", (20, 40), (9, 8, 7)), b"cat" * 90, SHADES)
    framed = Image.new("RGB", (picture.width + 12, picture.height + 9))
    framed.paste(picture, (5, 3))
    area = png_pixels.without_margins(np.asarray(framed))
    assert np.array_equal(area, np.asarray(picture))


def test_pictures_without_two_black_columns_hold_nothing():
    striped = np.full((8, 9, 3), 200, np.uint8)
    assert png_pixels.extract_bytes(striped) is None
    striped[:, 4] = 0
    assert png_pixels.extract_bytes(striped) is None
    assert (
        png_pixels.extract_bytes(png_pixels.without_margins(np.zeros((8, 9, 3), np.uint8))) is None
    )


def test_a_published_picture_has_the_same_blocks_up_to_the_end_of_its_stream():
    path = published("a1111-test_embedding.png")
    theirs = np.asarray(Image.open(path))
    (embedding,) = png.read(path)
    whole = png_pixels.extract_bytes(theirs) or b""
    unpacker = zlib.decompressobj()
    unpacker.decompress(whole)
    stream = whole[: len(whole) - len(unpacker.unused_data)]
    ours = png_pixels.blocks(stream, png.shades(embedding), height=512)
    for mine, original in zip(ours, (theirs[:, :39], theirs[:, 553:]), strict=True):
        assert np.array_equal(mine & 0xF0, original & 0xF0)
        assert np.array_equal(mine.ravel()[: len(stream)], original.ravel()[: len(stream)])
