import pytest
import torch

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
def test_pruning_prints_each_vector_that_goes(cat, home, capsys):
    words = ["prune", "cat-x", "--dataset-dir", "pictures", "--model", cat["model"]]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("dropped vector ")
    assert lines[-2].endswith(", 1 left")
    assert lines[-1] == "Made embeddings/cat-x-pruned.pt."
