"""Pickles that ask for too much, each refused before torch follows them, fast."""

import io
import pickle
import time
import zipfile

import pytest
import torch

from textual_inversion.embeddings.formats import pt
from textual_inversion.errors import EmbeddingError, ModelError
from textual_inversion.models.single_file.layout import read_checkpoint_layout
from textual_inversion.storage import pickles

GET0 = b"h\x00"
NUMEL = b"\x8a\x05" + (2**33).to_bytes(5, "little")  # LONG1
BOMBS = {
    "empty lists": b"](" + b"]" * 4_000_000 + b"e.",
    "empty dicts": b"](" + b"}" * 60_000 + b"e.",
    "tuples within tuples as a key": b"}(N" + b"\x85" * 300_000 + b"Nu.",
    "shared tuples": b"(N\x85q\x00" + (GET0 + b"\x86q\x00") * 60 + b"K\x01\x85R.",
    "a bytearray": b"cbuiltins\nbytearray\n" + NUMEL + b"\x85R.",
    "a storage longer than the file": (
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + NUMEL
        + b"NtQ."
    ),
    "its length by reference": (
        NUMEL
        + b"q\x00(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
        + b"X\x03\x00\x00\x00cpuh\x00NtQ."
    ),
}


def as_zip(pickled: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"data.pkl": pickled, "version": b"3\n", "data/0": b"1234"}.items():
            archive.writestr(f"cat/{name}", content)
    return buffer.getvalue()


def as_legacy(pickled: bytes) -> bytes:
    head = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}]
    return b"".join((*(pickle.dumps(x, 2) for x in head), b"\x80\x02" + pickled, b"\x80\x02]."))


@pytest.mark.slow
@pytest.mark.parametrize("form", [as_zip, as_legacy])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_pickle_that_asks_for_too_much_is_refused_at_once(tmp_path, bomb, form):
    path = tmp_path / "cat.pt"
    path.write_bytes(form(BOMBS[bomb] if form is as_legacy else b"\x80\x02" + BOMBS[bomb]))
    start = time.process_time()
    with pytest.raises(EmbeddingError, match=r"too large|Python code|damaged"):
        pt.read(path)
    assert time.process_time() - start < 2


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_checkpoint_of_a_model_has_bounds_too(tmp_path, bomb):
    path = tmp_path / "model.ckpt"
    path.write_bytes(as_zip(b"\x80\x02" + BOMBS[bomb]))
    start = time.process_time()
    with pytest.raises(ModelError):
        read_checkpoint_layout(path)
    assert time.process_time() - start < 4


@pytest.mark.parametrize("bomb", ["shared tuples", "a bytearray", "its length by reference"])
def test_these_are_refused_by_us_not_by_torch(bomb):
    with pytest.raises((pickles.OverLimitError, pickles.CodeError)):
        pickles.checked_file(as_legacy(BOMBS[bomb]))


def test_an_honest_file_is_handed_to_torch_as_it_is():
    for is_zip in (True, False):
        buffer = io.BytesIO()
        content = {"a": [torch.ones(2, 3)] * 5, "b": torch.ones(2).half()}
        torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
        assert pickles.checked_file(buffer.getvalue()) == buffer.getvalue()
