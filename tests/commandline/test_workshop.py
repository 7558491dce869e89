import pytest
import torch
from PIL import Image

from commandline.main import main
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding


def test_a_mix_is_made_and_its_path_printed(home, capsys):
    for name in ("one", "two"):
        formats.write(Embedding(name, (torch.ones(1, 4),)), home / "embeddings" / f"{name}.pt")
    assert main(["workshop", "new", "--operation", "mix", "--sources", "one, two"]) == 0
    assert capsys.readouterr().out == "Made embeddings/new.pt.\n"
    assert formats.read(home / "embeddings" / "new.pt").widths == (4,)
    assert main(["workshop", "new", "--sources", "one, gone"]) == 1
    assert capsys.readouterr().err.startswith("ti: There is no embedding called 'gone'")


@pytest.mark.slow
def test_a_picture_is_drawn_before_anything_is_saved(cat, home, capsys):
    words = ["workshop", "new", "--operation", "arithmetic", "--sources", "<cat-x> - red + dog"]
    model = ["--model", cat["model"]]
    assert main([*words, *model, "--preview", "look.png"]) == 0
    assert capsys.readouterr().out.startswith("Drew look.png; new is saved by the same command")
    with Image.open(home / "look.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (64, 64))
    assert [path.name for path in (home / "embeddings").glob("[!.]*")] == ["cat-x.pt"]
    for file in ("look.png", "look.txt"):
        assert main([*words, *model, "--preview", file]) == 2
    assert "look.png exists already; give --preview another name" in capsys.readouterr().err


@pytest.mark.slow
def test_pruning_prints_each_vector_that_goes(cat, home, capsys):
    words = ["prune", "cat-x", "--dataset-dir", "pictures", "--model", cat["model"]]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("dropped vector ")
    assert lines[-2].endswith(", 1 left")
    assert lines[-1] == "Made embeddings/cat-x-pruned.pt."
