import pytest
import torch
from safetensors.torch import save_file

from tests import ldm
from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
from textual_inversion.models.vocabulary import Vocabulary, read_vocabularies


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl"])
def test_the_words_of_a_folder_are_those_of_the_open_model(stacks, kind):
    info = describe_model(str(stacks[kind]))
    opened = load_model(info, dtype=torch.float32).text.encoders
    read = read_vocabularies(info)
    tables = [encoder.embedding.weight.detach().cpu() for encoder in opened]
    assert [torch.equal(v.table, table) for v, table in zip(read, tables, strict=True)] == [
        True
    ] * len(tables)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_the_words_of_a_single_file_are_those_of_its_folder(tmp_path, kind, suffix):
    tensors = {n: t.clone().contiguous() for n, t in ldm.build(tmp_path / kind, kind).items()}
    file = tmp_path / f"{kind}{suffix}"
    save_file(tensors, file) if suffix == ".safetensors" else torch.save(tensors, file)
    there, here = (read_vocabularies(describe_model(str(p))) for p in (tmp_path / kind, file))
    pairs = list(zip(there, here, strict=True))
    assert [torch.equal(a.table, b.table) for a, b in pairs] == [True] * len(pairs)


def test_a_words_own_vector_is_nearest_to_it(stacks):
    (words,) = read_vocabularies(describe_model(str(stacks["sd1"])))
    ids = words.tokenizer("red cat", add_special_tokens=False).input_ids
    nearest = words.nearest(words.table[ids] * 3, 2)
    assert [row[0][0] for row in nearest] == ["red", "cat"]
    assert [row[0][1] for row in nearest] == pytest.approx([1, 1], abs=1e-5)
    assert words.mean_norm == pytest.approx(words.table.norm(dim=1).mean().item())


def test_fewer_words_than_asked_for_are_all_of_them():
    class Numbers:
        def decode(self, ids):
            return str(ids[0])

    words = Vocabulary(Numbers(), torch.eye(2))
    assert words.nearest(torch.tensor([[1.0, 0.0]]), 5) == [[("0", 1.0), ("1", 0.0)]]


def test_a_model_without_a_table_is_said(stacks, tmp_path):
    import shutil

    shutil.copytree(stacks["sd1"], tmp_path / "m")
    (tmp_path / "m" / "text_encoder" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match='words of the base model "m" .* cannot be read'):
        read_vocabularies(describe_model(str(tmp_path / "m")))
