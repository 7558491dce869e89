"""A glance says of a file what reading it in full does, or nothing."""

import json
import pickle

import pytest
import safetensors.torch
import torch

from tests.embeddings.formats.samples import sd1, sdxl
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import a1111
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.library.glance import glance
from textual_inversion.embeddings.library.reading import summarize

FORMS = ("a1111", "safetensors", "diffusers", "diffusers-bin", "invokeai", "concept")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("widths", [(768,), (1024,), (32,)])
def test_our_own_files_are_understood(tmp_path, form, widths):
    rows = tuple(torch.randn(3, width) for width in widths)
    (path, *_) = export(Embedding("Cat", rows, 5, "v1-5"), form, tmp_path)
    assert [glance(path)] == summarize(path)


def others():
    rows = torch.randn(2, 768)
    yield "zip.pt", lambda path: torch.save(a1111.as_dict(sd1()), path)
    yield "sdxl.pt", lambda path: torch.save(a1111.as_dict(sdxl()), path)
    yield "half.pt", lambda path: torch.save({"emb_params": rows.half()}, path)
    yield "one.bin", lambda path: torch.save({"<cat>": rows[0]}, path)
    yield "parameter.bin", lambda path: torch.save({"a": torch.nn.Parameter(rows)}, path)
    yield "part.bin", lambda path: torch.save({"<cat>": rows[1:]}, path)
    for dtype in ("bfloat16", "float16", "float32"):
        tensors = {"emb_params": rows.to(getattr(torch, dtype))}
        yield f"{dtype}.safetensors", lambda path, t=tensors: safetensors.torch.save_file(t, path)


@pytest.mark.parametrize(("name", "write"), [pytest.param(*one, id=one[0]) for one in others()])
def test_others_files_are_understood(tmp_path, name, write):
    write(tmp_path / name)
    found = glance(tmp_path / name)
    assert [found] == summarize(tmp_path / name)


def unusual():
    rows = torch.randn(2, 768)
    broken = rows.clone()
    broken[1, 5] = torch.nan
    yield "nan.pt", lambda path: torch.save({"emb_params": broken}, path)
    yield "nan.safetensors", lambda p: safetensors.torch.save_file({"emb_params": broken}, p)
    yield "turned.pt", lambda path: torch.save({"emb_params": rows.T}, path)
    yield "two.pt", lambda path: torch.save({"a": rows, "b": rows}, path)
    yield "list.pt", lambda path: torch.save([rows], path)
    yield "model.pt", lambda path: torch.save({"a": torch.ones(2, 2, 2)}, path)
    yield "code.pt", lambda path: path.write_bytes(pickle.dumps(print))
    yield "text.safetensors", lambda path: path.write_text("no embedding at all")
    yield "picture.png", lambda path: path.write_bytes(b"x")


@pytest.mark.parametrize(("name", "write"), [pytest.param(*one, id=one[0]) for one in unusual()])
def test_of_anything_else_nothing_is_said(tmp_path, name, write):
    write(tmp_path / name)
    assert glance(tmp_path / name) is None


@pytest.mark.parametrize("name", ["cat.pt", "cat.safetensors"])
def test_a_file_cut_anywhere_is_never_taken_for_whole(tmp_path, name):
    (path,) = export(sd1(), "a1111" if name.endswith("pt") else "safetensors", tmp_path / name)
    data = path.read_bytes()
    for length in range(1, len(data), 7):
        path.write_bytes(data[:length])
        assert glance(path) is None, length


def test_a_header_that_lies_is_not_believed(tmp_path):
    path = tmp_path / "lies.safetensors"
    tensor = {"dtype": "F32", "shape": [2, 768], "data_offsets": [0, 8]}
    header = json.dumps({"emb_params": tensor}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert glance(path) is None
    assert Library(tmp_path).find("lies").problem
