"""Hostile files, made on the spot: no reader may run, hang on or choke at any of them."""

import base64
import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image, PngImagePlugin

from tests.embeddings.formats.samples import sd1
from tests.storage.test_pickles import BOMBS, as_legacy, as_zip
from textual_inversion.embeddings.formats import a1111, png_pixels, safetensors_file

CHUNK = "sd-ti-embedding"


class RunsCode:
    def __init__(self, call, proof):
        self.call, self.proof = call, proof

    def __reduce__(self):
        return self.call, (f"touch {self.proof}",)


def fill(folder: Path, proof: Path) -> int:
    """Fill the folder and count what lies there."""
    folder.mkdir()
    for make in (_pickles, _cut, _archives, _headers, _values, _pictures, _chunks, _places):
        for name, data in make(proof):
            (folder / name).write_bytes(data)
    _not_files(folder)
    return sum(1 for _ in folder.iterdir())


def _saved(content, *, is_zip=True) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
    return buffer.getvalue()


def _pickles(proof):
    for number, bomb in enumerate(BOMBS.values()):
        yield f"bomb-{number}.pt", as_zip(b"\x80\x02" + bomb)
        yield f"bomb-{number}.bin", as_legacy(bomb)
        yield f"bomb-{number}-bare.pt", b"\x80\x02" + bomb
    for number, call in enumerate((os.system, eval, exec, __import__, os.popen, os.unlink)):
        for protocol in range(6):
            pickled = pickle.dumps({"string_to_param": RunsCode(call, proof)}, protocol)
            yield f"code-{number}-{protocol}.pt", as_zip(pickled)
            yield f"code-{number}-{protocol}.bin", pickled
        yield f"code-{number}-legacy.pt", as_legacy(pickle.dumps(RunsCode(call, proof), 2)[2:])


def _cut(_):
    whole = {
        "zip.pt": _saved({"emb_params": torch.ones(2, 768)}),
        "legacy.bin": _saved({"<a>": torch.ones(1, 768)}, is_zip=False),
        "cut.safetensors": safetensors_file.dumps({"emb_params": torch.ones(1, 768)}),
        "cut.png": _with_pixels(zlib.compress(b"{}" * 200)),
    }
    for name, data in whole.items():
        for kept in range(1, len(data), 100):
            yield f"cut-{kept}-{name}", data[:kept]


def _archives(_):
    bombs = {
        "pickled": ("cat/data.pkl", bytes(2**26)),
        "numbers": ("cat/data/0", bytes(2**26)),
        "version": ("cat/version", bytes(2**26)),
    }
    for label, (name, content) in bombs.items():
        for level, method in enumerate((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", method) as archive:
                archive.writestr(name, content[: 2 ** (26 - 3 * (level > 0))])
            yield f"zip-{label}-{level}.pt", buffer.getvalue()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(50_000):
            archive.writestr(str(number), b"")
    yield "zip-many.pt", buffer.getvalue()
    yield "zip-none.pt", b"PK\x03\x04" + bytes(2**20)
    yield "zip-end.pt", b"PK\x05\x06" + bytes(18)


def _tensors_file(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _entry(shape=(1, 768), offsets=(0, 3072), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def _headers(_):
    entries = {
        "overlap": {"a": _entry(), "b": _entry()},
        "hole": {"a": _entry(offsets=(8, 3080))},
        "beyond": {"a": _entry(offsets=(0, 2**40))},
        "back": {"a": _entry(offsets=(3072, 0))},
        "negative": {"a": _entry(shape=(-1, 768))},
        "huge": {"a": _entry(shape=(2**62, 2**62))},
        "none": {},
        "list": [],
        "dtype": {"a": _entry(dtype="X9")},
        "whole": {"a": _entry(dtype="I32")},
        "key": {"\x1b[31m\n\u202e": _entry(dtype="I32")},
        "metadata": {"__metadata__": {"a": 1}, "a": _entry()},
        "rank": {"a": _entry(shape=(1, 1, 768))},
        "zero": {"a": _entry(shape=(0, 768), offsets=(0, 0))},
    }
    for name, header in entries.items():
        yield f"header-{name}.safetensors", _tensors_file(header, bytes(3072))
    many = {f"k{n}": _entry(shape=(0, 1), offsets=(0, 0)) for n in range(900_000)}
    yield "header-many.safetensors", _tensors_file(many)
    small = {f"k{n}": _entry(shape=(0, 1), offsets=(0, 0)) for n in range(40_000)}
    yield "header-some.safetensors", _tensors_file(small)
    yield "header-deep.safetensors", _tensors_file(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield "header-lists.safetensors", _tensors_file(b"[" * 3_000_000)
    for length in (0, 1, 7, 2**31, 2**62, 2**64 - 1):
        yield f"header-length-{length}.safetensors", struct.pack("<Q", length) + bytes(64)


def _values(_):
    one = torch.ones(1, 768)
    contents = {
        "nan": {"a": one / 0 * 0},
        "inf": {"a": one / 0},
        "int": {"a": one.int()},
        "bool": {"a": one.bool()},
        "complex": {"a": one.to(torch.complex64)},
        "scalar": {"a": torch.tensor(1.0)},
        "none": {"a": torch.zeros(0, 768)},
        "deep": {"a": one[None, None]},
        "tall": {"a": torch.zeros(1, 1).expand(10**9, 768)},
        "wide": {"a": torch.zeros(1).expand(10**9)},
        "sparse": {"a": one.to_sparse()},
        "text": {"a": "text"},
        "number": 5,
        "string": "text",
        "nested": {"a": {"b": {"c": one}}},
        "keys": {1: one, (2, 3): one},
        "params": {"string_to_param": one},
        "params-none": {"string_to_param": None},
        "params-list": {"string_to_param": [one]},
        "half": {"clip_g": torch.ones(1, 1280)},
        "t5": {"t5xxl": torch.ones(1, 4096)},
        "sd3": {"clip_l": one, "clip_g": torch.ones(1, 1280), "t5xxl": torch.ones(1, 4096)},
        "unequal": {"clip_l": one, "clip_g": torch.ones(2, 1280)},
        "model": {f"text_model.{n}.weight": torch.ones(4, 4) for n in range(500)},
        "many": [one] * 5000,
    }
    for name, content in contents.items():
        yield f"value-{name}.pt", _saved(content)
        yield f"value-{name}.bin", _saved(content, is_zip=False)


def _with_pixels(stream: bytes) -> bytes:
    buffer = io.BytesIO()
    picture = Image.linear_gradient("L").resize((96, 96)).convert("RGB")
    png_pixels.add_blocks(picture, stream, np.array([1, 2])).save(buffer, "PNG")
    return buffer.getvalue()


def _png(size, mode="1", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG", **options)
    return buffer.getvalue()


def _pictures(_):
    yield "picture-large.png", _png((16384, 16384))
    yield "picture-larger.png", _png((5792, 5792), "L")
    yield "picture-edge.png", _png((2896, 2896), "L")
    yield "picture-wide.png", _png((2**20, 8), "L")
    yield "picture-bomb.png", _with_pixels(zlib.compress(bytes(2**27), 9))
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13)
    yield "picture-lies.png", start + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + bytes(64)
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) = quit\n"
    for extension in ("png", "webp", "avif", "jxl"):
        yield f"picture-eps.{extension}", eps
        yield f"picture-noise.{extension}", bytes(range(256)) * 64
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "WEBP", lossless=True)
    yield "picture-cut.webp", small.getvalue()[:-9]
    vp8x = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\x00\xff\x3f\x00"
    yield "picture-lies.webp", b"RIFF" + struct.pack("<I", 4 + len(vp8x)) + b"WEBP" + vp8x


def _chunks(_):
    datas = {
        "lists": b"[" + b"[]," * 2_000_000 + b"[]]",
        "dicts": b"[" + b"{}," * 2_000_000 + b"{}]",
        "deep": b"[" * 3_000_000,
        "numbers": b'{"TORCHTENSOR": [' + b"1e5," * 1_500_000 + b"1]}",
        "digits": b'{"TORCHTENSOR": [' + b"9" * 3_000_000 + b"]}",
        "nothing": b"",
        "text": b'{"name": "\\u001b[31m", "step": []}',
    }
    for name, data in datas.items():
        info = PngImagePlugin.PngInfo()
        info.add_text(CHUNK, base64.b64encode(data).decode())
        yield f"chunk-{name}.png", _png((64, 64), pnginfo=info)
        packed = PngImagePlugin.PngInfo()
        packed.add_text(CHUNK, base64.b64encode(data).decode(), zip=True)
        yield f"chunk-{name}-packed.png", _png((64, 64), pnginfo=packed)
        yield f"chunk-{name}-png_pixels.png", _with_pixels(zlib.compress(data, 9))


def _places(_):
    """Harmless contents under names that are none, and contents of another kind."""
    bad = b"<!DOCTYPE html><html>404</html>"
    for number, name in enumerate(("\x1b[31mred", "two\nlines", "\u202egnp.tac", "--help", "-rf")):
        for extension in ("pt", "safetensors", "png"):
            yield f"{number}{name}.{extension}", bad
            yield f"{name}.{extension}", bad
    honest = _saved(a1111.as_dict(sd1("a", 1, 768)))
    for extension in ("safetensors", "png", "webp"):
        yield f"other-kind.{extension}", honest
    for extension in ("pt", "bin", "safetensors", "png", "webp", "avif", "jxl"):
        yield f"empty.{extension}", b""


def _not_files(folder: Path) -> None:
    os.mkfifo(folder / "pipe.pt")
    os.mkfifo(folder / "pipe.png")
    for device in ("zero", "random", "full"):
        for extension in ("pt", "safetensors", "png"):
            (folder / f"{device}.{extension}").symlink_to(f"/dev/{device}")
    for name in ("folder.pt", "folder.png", "folder.safetensors"):
        (folder / name).mkdir()
    (folder / "itself").symlink_to(folder)
    (folder / "loop.pt").symlink_to(folder / "loop.pt")
    (folder / "gone.pt").symlink_to(folder / "gone")
    for extension in ("pt", "safetensors"):
        with (folder / f"hole.{extension}").open("wb") as file:
            file.truncate(2**40)
    (folder / "locked.pt").write_bytes(b"locked")
    (folder / "locked.pt").chmod(0)
