"""A1111's rule for finding an embedding in a picture's pixels, said again, one step at a time."""

import zlib

import numpy as np


def data_in(picture):
    """Give the JSON in the low four bits at the picture's sides."""
    lit = np.asarray(picture.convert("RGB"))
    inside = (lit > 0).all(axis=2)
    rows, columns = inside.any(axis=1).nonzero()[0], inside.any(axis=0).nonzero()[0]
    nibbles = lit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] & 15
    black = (nibbles.sum(axis=(0, 2)) == 0).nonzero()[0]
    low, high = nibbles[:, : black.min()].ravel(), nibbles[:, black.max() + 1 :].ravel()
    mask = np.fromiter(_generator(len(low)), np.uint8, len(low))
    return zlib.decompressobj().decompress(((low ^ mask) | (high ^ mask) << 4).tobytes())


def _generator(length):
    state = 0
    for _ in range(length):
        state = (1664525 * state + 1013904223) % 2**32
        yield state % 255 & 15
