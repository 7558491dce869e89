"""Plain pickles are read without looking up a class, and anything else is told apart."""

import io
import pickle
import struct
import zipfile

import pytest
import torch

from textual_inversion.storage.plain_pickles import Global, Outline, Storage, UnusualError, read


def pickled(value):
    """Give the pickle inside a torch file."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with zipfile.ZipFile(buffer) as file:
        (name,) = [name for name in file.namelist() if name.endswith("data.pkl")]
        return file.read(name)


def test_values_and_the_outlines_of_tensors_are_read():
    rows = torch.ones(6, 4)
    value = {"name": "cat", "step": 70_000, "none": None, "yes": True, "a": {"*": rows[2:4]}}
    storages = {}
    found, _ = read(pickled(value), 0, storages)
    storage = Storage("FloatStorage", "0", 24)
    assert found == {**value, "a": {"*": Outline(storage, 8, (2, 4))}}
    assert storages == {"0": storage}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        pickle.dumps({1: 2}, protocol=2),
        pickle.dumps(2**100, protocol=2),
        b"\x80\x02" + b"]" * 5000 + b".",
        b"\x80\x02r" + struct.pack("<I", 2**31) + b".",
        b"\x80\x02}X" + struct.pack("<I", 2**31) + b"a.",
        b"\x80\x02tttt.",
        b"\x80\x02ccos\nsystem\n(X\x02\x00\x00\x00lstR.",
        b"\x80\x02.",
    ],
)
def test_anything_else_is_unusual(data):
    with pytest.raises(UnusualError):
        read(data, 0, {})


def test_a_function_is_only_named():
    assert read(pickle.dumps(print, protocol=2), 0, {})[0] == Global("__builtin__ print")


@pytest.mark.parametrize("shape", [(1, 2, 3), ()])
def test_a_tensor_of_another_rank_is_unusual(shape):
    with pytest.raises(UnusualError):
        read(pickled({"a": torch.ones(shape)}), 0, {})
