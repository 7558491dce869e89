import pytest
import safetensors
import safetensors.torch
import torch

from tests.embeddings.formats.samples import facts, only, sd1, sdxl
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import safetensors_file
from textual_inversion.errors import EmbeddingError


def read_tensors(path):
    return only(safetensors_file.read(path))


VECTORS = sd1().vectors[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cat.safetensors"


def save(path, tensors, metadata=None):
    own = {key: tensor.clone() for key, tensor in tensors.items()}
    path.write_bytes(safetensors.torch.save(own, metadata))


@pytest.mark.parametrize("embedding", [sd1(), sdxl(), Embedding("x", (VECTORS[:1],))])
def test_what_is_written_is_read(path, embedding):
    safetensors_file.write(path, embedding)
    assert facts(read_tensors(path)) == facts(embedding)


def test_the_keys_are_those_that_every_program_takes(path):
    safetensors_file.write(path, sd1())
    with safetensors.safe_open(path, framework="pt") as file:
        assert (list(file.keys()), file.metadata()) == (
            ["emb_params"],
            {
                "format": "pt",
                "name": "cat",
                "step": "500",
                "base_model": "v1-5-pruned",
                "base_model_hash": "6ce0161689",
                "num_vectors": "2",
                "format_version": "1",
            },
        )


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"<cat-toy>": VECTORS}, Embedding("cat-toy", (VECTORS,))),
        ({"emp_params": VECTORS}, Embedding("cat", (VECTORS,))),
        ({"emb_params": VECTORS, "more": VECTORS[:1]}, Embedding("cat", (VECTORS,))),
        ({"anything": VECTORS[0]}, Embedding("anything", (VECTORS[:1],))),
        ({"clip_g": VECTORS}, Embedding("cat", (VECTORS,))),
    ],
)
def test_the_layouts_of_other_programs_are_read(path, tensors, expected):
    save(path, tensors)
    assert facts(read_tensors(path)) == facts(expected)


@pytest.mark.parametrize("step", ["-5", "many", "9" * 5000, "1e3", ""])
def test_a_senseless_step_counts_as_none(path, step):
    save(path, {"emb_params": VECTORS}, {"step": step, "base_model": "  a\n b "})
    assert facts(read_tensors(path)) == facts(Embedding("cat", (VECTORS,), 0, "a b"))


@pytest.mark.parametrize(
    ("tensors", "complaint"),
    [
        ({}, "it holds no tensor"),
        ({"a.lora_up.weight": VECTORS, "a.lora_down.weight": VECTORS}, "looks like a LoRA"),
        ({"text_model.a": VECTORS, "text_model.b": VECTORS}, "looks like a model"),
        ({"x": torch.zeros(2000, 8)}, "a tensor of 2000 x 8"),
        ({"x": torch.zeros(2, 9000)}, "a tensor of 2 x 9000"),
        ({"x": VECTORS.long()}, "dtype torch.int64"),
        ({"x": VECTORS * float("inf")}, "NaN or infinite"),
    ],
)
def test_what_is_no_embedding_is_refused_with_the_reason(path, tensors, complaint):
    save(path, tensors)
    with pytest.raises(EmbeddingError, match=complaint):
        read_tensors(path)


@pytest.mark.parametrize("kept", [1, 8, 60, 200])
def test_a_cut_off_file_is_called_damaged(path, kept):
    safetensors_file.write(path, sd1())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EmbeddingError, match=r"is damaged or not a \.safetensors file"):
        read_tensors(path)
