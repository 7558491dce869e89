"""`ti list` and the commands that change what lies in embeddings/."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from commandline.main import main
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding


@pytest.fixture
def cats(home):
    for name, width in (("cat", 32), ("dog", 768)):
        formats.write(Embedding(name, (torch.ones(2, width),), 9), home / f"embeddings/{name}.pt")
    return home


def said(capsys, *argv):
    code = main(list(argv))
    return code, capsys.readouterr().out.splitlines()


def test_words_choose_what_is_listed(cats, capsys):
    assert said(capsys, "list", "ca") == (
        0,
        [
            f"{'cat':24} 2 vectors x 32, step 9, base model not named, "
            "a model with token dimension 32, embeddings/cat.pt"
        ],
    )
    assert said(capsys, "list", "cow") == (
        0,
        ["No embedding in embeddings has 'cow' in its name or file."],
    )


def test_what_does_not_fit_a_model_says_why(cats, capsys, stacks):
    _, (cat, dog) = said(capsys, "list", "--model", str(stacks["sd1"]))
    assert "cannot be used" not in cat
    assert dog.endswith(
        "cannot be used: Cannot load embedding for <dog>. It was trained on a model with token "
        "dimension 768, but the current model has token dimension 32."
    )


def test_json_has_a_dict_for_each(cats, capsys):
    assert main(["list", "dog", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    del found["written"]
    assert found == {
        "name": "dog",
        "path": "embeddings/dog.pt",
        "num_vectors": 2,
        "widths": [768],
        "step": 9,
        "base_model": None,
        "problem": None,
        "word": "dog",
        "date": None,
        "family": "SD 1.x",
    }


def test_an_embedding_is_renamed_copied_deleted_and_put_back(cats, capsys):
    assert said(capsys, "rename", "cat", "tom cat") == (0, ["Renamed: embeddings/tom cat.pt"])
    copied = said(capsys, "duplicate", "tom cat", "kitten")
    assert copied == (0, ["Copied: embeddings/kitten.pt"])
    assert said(capsys, "delete", "tom cat", "dog") == (
        0,
        [
            "Deleted tom cat (tom cat.pt); it comes back with: ti undelete 'tom cat'",
            "Deleted dog (dog.pt); it comes back with: ti undelete dog",
        ],
    )
    _, listed = said(capsys, "undelete", "--list")
    assert [line[:24].strip() for line in listed] == ["dog", "tom cat"]
    assert said(capsys, "undelete") == (0, ["Put back: embeddings/dog.pt"])
    assert said(capsys, "undelete", "tom cat") == (0, ["Put back: embeddings/tom cat.pt"])


def test_what_can_come_back_is_listed_as_json(cats, capsys):
    main(["delete", "dog"])
    capsys.readouterr()
    assert main(["undelete", "--json"]) == 0
    (deleted,) = json.loads(capsys.readouterr().out)
    del deleted["folder"]
    assert deleted == {"name": "dog", "place": ".", "files": ["dog.pt"]}
    assert not (cats / "embeddings" / "dog.pt").exists()


def test_a_file_is_imported_under_a_free_name(cats, capsys):
    formats.write(Embedding("cat", (torch.zeros(1, 8),)), cats / "cat.pt")
    assert said(capsys, "import", "cat.pt") == (0, ["Imported cat-2: embeddings/cat-2.pt"])


def test_files_that_cannot_be_imported_are_named_and_the_others_taken(cats, capsys):
    for name in ("cow", "pig"):
        formats.write(Embedding(name, (torch.zeros(1, 8),)), cats / f"{name}.pt")
    whole = (cats / "pig.pt").read_bytes()
    (cats / "half.pt").write_bytes(whole[: len(whole) // 2])
    assert main(["import", "cow.pt", "half.pt", "gone\n.pt", "pig.pt"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "Imported cow: embeddings/cow.pt", "Imported pig: embeddings/pig.pt",
    ]  # fmt: skip
    half, gone = said.err.splitlines()
    assert half.startswith("ti: ")
    assert "half.pt" in half
    assert gone.startswith("ti: Could not read gone\\n.pt")
    kept = sorted(path.name for path in (cats / "embeddings").iterdir() if path.is_file())
    assert kept == ["cat.pt", "cow.pt", "dog.pt", "pig.pt"]


def test_what_cannot_be_deleted_is_named_and_the_others_are(cats, capsys):
    assert main(["delete", "cat", "cow", "dog"]) == 1
    said = capsys.readouterr()
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        ["Deleted", "cat"], ["Deleted", "dog"],
    ]  # fmt: skip
    assert said.err.startswith("ti: There is no embedding called 'cow'")
    assert not list((cats / "embeddings").glob("*.pt"))


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["rename", "cta", "x"], "no embedding called 'cta' in embeddings; choose cat or"),
        (["rename", "cat", "dog"], "already an embedding called 'dog'"),
        (["delete", "x"], "no embedding called 'x'"),
        (["undelete"], "Nothing was deleted from embeddings; there is nothing to undo."),
        (["import", "gone.pt"], "Could not read gone.pt"),
        (["list", "--model", "gone"], 'no base model "gone"'),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cats, capsys, argv, sentence):
    assert main(argv) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


@pytest.mark.slow
def test_listing_needs_no_torch(cats):
    code = "import sys, commandline.main as ti; ti.main(['list']); print('torch' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"TI_HOME": str(cats)},
    )
    assert [line.split()[0] for line in ran.stdout.splitlines()] == ["cat", "dog", "False"]
