"""The best snapshot of a run becomes the embedding."""

import pytest

from tests.cats import settings
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from textual_inversion.training.run import train
from webui.train.best import has_best, use_best


def trained(cat):
    run = Run(kind="train")
    for event in train(settings(cat, evaluate_every=1, learning_rate="0.5"), Control()):
        run.apply(event)
    return run


@pytest.mark.slow
def test_the_best_becomes_the_embedding_and_the_last_is_kept(home, cat):
    run = trained(cat)
    assert run.best.step < 4  # a rate far too high
    said = use_best(run)
    assert said.startswith(f"cat-x is now the best of its run, step {run.best.step};")
    assert said.endswith("is kept as cat-x-4.")
    steps = {entry.name: entry.step for entry in Library(home / "embeddings").list()}
    assert steps == {"cat-x": run.best.step, "cat-x-4": 4}
    assert "already" in use_best(run)


def test_a_run_without_a_best_file_has_none_to_use(home):
    assert not has_best(None)
    assert not has_best(Run(kind="train", state="finished", best_path="gone.pt"))
    with pytest.raises(EmbeddingError, match="train with evaluation on"):
        use_best(None)
