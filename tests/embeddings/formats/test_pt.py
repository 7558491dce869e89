import os
import pickle
import pickletools
import re
import zipfile

import numpy as np
import pytest
import torch

from tests.embeddings.formats.samples import bare, facts, only, published, sd1, sdxl
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import pt
from textual_inversion.errors import EmbeddingError


def read_pt(path):
    return only(pt.read(path))


VECTORS = sd1().vectors[0]
DIFFUSERS_KEY = "<cat-toy>"


class RunsCode:
    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return os.system, (f"touch {self.proof}",)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cat.pt"


@pytest.mark.parametrize("embedding", [sd1(), sdxl(), Embedding("x", (VECTORS[:1],))])
def test_what_is_written_is_read(path, embedding):
    pt.write(path, embedding)
    assert facts(read_pt(path)) == facts(bare(embedding))


def test_the_keys_are_those_of_a1111(path):
    pt.write(path, sd1())
    found = torch.load(path, weights_only=True)
    tensor = found["string_to_param"].pop("*")
    assert torch.equal(tensor, VECTORS)
    assert found == {
        "string_to_token": {"*": 265},
        "string_to_param": {},
        "name": "cat",
        "step": 500,
        "sd_checkpoint": "6ce0161689",
        "sd_checkpoint_name": "v1-5-pruned",
    }


def test_the_file_is_no_zip_and_names_nothing_a_careful_reader_forbids(path):
    pt.write(path, sd1())
    assert not zipfile.is_zipfile(path)
    named = set()
    with path.open("rb") as file:
        while file.tell() < path.stat().st_size and len(named) < 9:
            try:
                named |= {arg for op, arg, _ in pickletools.genops(file) if op.name == "GLOBAL"}
            except ValueError:  # behind the pickles lie the numbers
                break
    expected = {"torch._utils _rebuild_tensor_v2", "torch FloatStorage"}
    assert named == {*expected, "collections OrderedDict"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_fp32(path, dtype):
    torch.save({"emb_params": VECTORS.to(dtype)}, path)
    assert facts(read_pt(path))[-1] == [(torch.float32, VECTORS.to(dtype).float().tolist())]


def on_cuda(path):
    """Say in a torch file that its tensors lay on a GPU, as they do in A1111's own."""
    cpu, cuda = b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"
    if not zipfile.is_zipfile(path):
        path.write_bytes(path.read_bytes().replace(cpu, cuda))
        return
    with zipfile.ZipFile(path) as file:
        records = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in records.items():
            file.writestr(name, data.replace(cpu, cuda))


@pytest.mark.parametrize("is_zip", [True, False])
def test_tensors_that_were_saved_on_a_gpu_are_read_without_one(path, is_zip):
    torch.save({"emb_params": VECTORS}, path, _use_new_zipfile_serialization=is_zip)
    on_cuda(path)
    assert b"cuda:0" in path.read_bytes()
    assert torch.equal(read_pt(path).vectors[0], VECTORS)


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("wrap", [dict, torch.nn.ParameterDict])
def test_early_files_with_parameters_are_read(path, wrap, is_zip):
    params = wrap({"*": torch.nn.Parameter(VECTORS)})
    token = {"*": torch.tensor(265)}
    content = {"string_to_token": token, "string_to_param": params, "step": None}
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    assert facts(read_pt(path)) == facts(Embedding("cat", (VECTORS,)))


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("step", [np.int64(70), np.int32(70), np.float32(70)])
def test_a_step_that_is_numpys_is_read(path, step, is_zip):
    content = {"string_to_param": {"*": VECTORS}, "step": step}
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    assert facts(read_pt(path)) == facts(Embedding("cat", (VECTORS,), 70))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({DIFFUSERS_KEY: VECTORS}, Embedding("cat-toy", (VECTORS,))),
        ({DIFFUSERS_KEY: VECTORS[0]}, Embedding("cat-toy", (VECTORS[:1],))),
        (VECTORS, Embedding("cat", (VECTORS,))),
        (VECTORS[0], Embedding("cat", (VECTORS[:1],))),
        ({"emb_params": VECTORS.T.contiguous().T}, Embedding("cat", (VECTORS,))),
        ({"name": VECTORS}, Embedding("name", (VECTORS,))),
    ],
)
def test_the_layouts_of_other_programs_are_read(path, content, expected):
    torch.save(content, path)
    assert facts(read_pt(path)) == facts(expected)


def test_a_published_file_of_the_concept_library_is_read():
    found = read_pt(published("cat-toy.learned_embeds.bin"))
    assert (found.name, found.widths, found.num_vectors, found.step) == ("cat-toy", (768,), 1, 0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "it holds no tensor"),
        ([], "it holds a list"),
        ([1, 2], "it holds no tensor"),
        ({"a": VECTORS, "b": VECTORS}, r"it holds 2 tensors \(a, b, ...\) where one belongs"),
        ({"text_model.a": VECTORS, "text_model.b": VECTORS}, "looks like a model"),
        ({"lora_up": VECTORS, "lora_down": VECTORS}, "looks like a LoRA"),
        ({"string_to_param": {"*": VECTORS, "+": VECTORS}}, "exactly one tensor"),
        ({"string_to_param": {}}, "exactly one tensor"),
        ({"string_to_param": {"*": "text"}}, "not a plain tensor"),
        ({"x": VECTORS.to_sparse()}, "not a plain tensor"),
        ({"x": VECTORS.int()}, "dtype torch.int32"),
        ({"x": VECTORS.to("meta")}, "dtype torch.float32"),
        ({"x": VECTORS[None]}, "a tensor of 1 x 2 x 8"),
        ({"x": torch.zeros(0, 8)}, "a tensor of 0 x 8"),
        ({"x": torch.zeros(())}, "a tensor of 0"),
        ({"x": torch.zeros(1, 1).expand(10**9, 768)}, "a tensor of 1000000000 x 768"),
        ({"x": VECTORS * float("nan")}, "NaN or infinite"),
        ({"clip_l": VECTORS, "clip_g": VECTORS[:1]}, "unequal numbers of vectors"),
    ],
)
def test_what_is_no_embedding_is_refused_with_the_reason(path, content, complaint):
    torch.save(content, path)
    with pytest.raises(EmbeddingError, match=f"^{re.escape(str(path))} .*{complaint}"):
        read_pt(path)


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_file_does_not_run(path, tmp_path, is_zip):
    evil = {"string_to_param": {"*": RunsCode(tmp_path / "proof")}}
    torch.save(evil, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(EmbeddingError, match="contains Python code"):
        read_pt(path)
    assert not (tmp_path / "proof").exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_code_in_a_bare_pickle_does_not_run(path, tmp_path, protocol):
    path.write_bytes(pickle.dumps(RunsCode(tmp_path / "proof"), protocol))
    with pytest.raises(EmbeddingError):
        read_pt(path)
    assert not (tmp_path / "proof").exists()


@pytest.mark.parametrize("kept", [1, 30, 200, -1])
@pytest.mark.parametrize("is_zip", [True, False])
def test_a_cut_off_file_is_called_damaged(path, kept, is_zip):
    torch.save({"emb_params": VECTORS}, path, _use_new_zipfile_serialization=is_zip)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EmbeddingError, match="is damaged or was not written by torch"):
        read_pt(path)


@pytest.mark.slow
@pytest.mark.parametrize(("record", "size"), [("data.pkl", 2**21), ("data/0", 2**26)])
def test_a_zip_that_unpacks_to_too_much_is_not_unpacked(path, record, size):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"cat/{record}", bytes(size))
    with pytest.raises(EmbeddingError, match="is too large"):
        read_pt(path)


def test_a_file_as_large_as_a_model_is_not_read(path):
    with path.open("wb") as file:
        file.truncate(pt.MAX_BYTES + 1)  # a hole on the disk
    with pytest.raises(EmbeddingError, match="is too large"):
        read_pt(path)


def test_broken_vectors_are_not_written_over_good_ones(path):
    pt.write(path, sd1())
    with pytest.raises(EmbeddingError, match="NaN or infinite"):
        pt.write(path, Embedding("cat", (VECTORS / 0,)))
    assert facts(read_pt(path)) == facts(sd1())
