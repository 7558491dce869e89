import json

import pytest
import torch

from commandline.main import main, make_parser
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding


@pytest.fixture
def cat(home):
    rows = torch.ones(1, 768) / 100
    embedding = Embedding("cat", (rows,), 9, "v1-5", "6ce", initialization_text="a cat")
    formats.write(embedding, home / "embeddings" / "cat.pt")
    return home


def test_the_flags_are_these():
    """Scripts depend on them: a change here is a change of the contract."""
    parser = make_parser()._subparsers._group_actions[0].choices["inspect"]
    assert [a.option_strings[0] for a in parser._actions if a.option_strings] == [
        *("-h", "--base-model", "--json")
    ]


@pytest.mark.parametrize("file", ["cat", "<cat>", "embeddings/cat.pt"])
def test_a_name_or_a_path_is_described(cat, capsys, file):
    assert main(["inspect", file]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [
        "cat: 1 vector of width 768, for SD 1.x",
        "file: embeddings/cat.pt",
        "step 9, base model v1-5 [6ce]",
        "initialization text: a cat",
    ]
    assert "  encoder 1, vector 1: norm 0.277" in said
    at = said.index("ComfyUI        yes")
    assert said[at + 2].strip() == "type: embedding:cat"


def test_json_has_the_same(cat, capsys):
    assert main(["inspect", "cat", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["family"], found["widths"], found["num_vectors"]) == ("SD 1.x", [768], 1)
    assert {one["program"]: one["loads"] for one in found["programs"]} == {
        "AUTOMATIC1111": True,
        "Forge": True,
        "ComfyUI": True,
        "InvokeAI": True,
        "SD.Next": True,
        "diffusers": True,
    }


def test_what_is_not_there_or_is_for_another_model_is_one_sentence(cat, capsys):
    assert main(["inspect", "gone"]) == 1
    torch.save({"clip_l": torch.ones(1, 768), "t5": torch.ones(1, 4096)}, cat / "flux.pt")
    assert main(["inspect", "flux.pt"]) == 1
    gone, flux = capsys.readouterr().err.splitlines()
    assert "gone" in gone
    assert "embedding for FLUX" in flux


def test_keys_that_steer_a_terminal_are_escaped(home, capsys):
    evil = "\x1b[31mred\u202e"
    torch.save({evil: torch.ones(2, 768), "b": torch.ones(2, 768)}, home / f"x{evil}.bin")
    assert main(["inspect", f"x{evil}.bin"]) == 0
    said = capsys.readouterr().out
    assert "here are \\x1b[31mred\\u202e, b." in said
    assert all(line.isprintable() for line in said.splitlines())


def test_a_concepts_folder_stands_for_the_file_in_it(home, capsys):
    (home / "toy").mkdir()
    assert main(["inspect", "toy"]) == 1
    torch.save({"x": torch.ones(768)}, home / "toy" / "learned_embeds.bin")
    (home / "toy" / "token_identifier.txt").write_text("<cat-toy>")
    assert main(["inspect", "toy"]) == 0
    assert main(["import", "toy"]) == 0
    assert main(["convert", "toy", "--format", "safetensors"]) == 0
    said = capsys.readouterr()
    assert said.err == (
        "ti: toy is a folder without a learned_embeds file; give an embedding file.\n"
    )
    lines = said.out.splitlines()
    assert lines[:2] == [
        "cat-toy: 1 vector of width 768, for SD 1.x", "file: toy/learned_embeds.bin",
    ]  # fmt: skip
    assert lines[-2:] == [
        "Imported cat-toy: embeddings/cat-toy.bin", "cat-toy.safetensors",
    ]  # fmt: skip
