"""An evaluation of a run's snapshots on a model of tests/tiny.py."""

import torch
from PIL import Image

from tests.generation.grids.runs import write_run
from tests.generators import drained
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.evaluation.snapshots.job import evaluate
from textual_inversion.runs.requests import Control
from textual_inversion.settings import EvaluateSettings


def write_subject(home, model, *, step=30):
    """Write a run of zyx with three snapshots, the embedding as after `step`, and its pictures."""
    folder = write_run(home, model)
    rows = torch.randn(2, 32, generator=torch.Generator().manual_seed(step))
    made = Embedding("zyx", (rows,), step=step, initialization_text="cat")
    formats.write(made, home / "embeddings" / "zyx.pt")
    (home / "photos").mkdir()
    for colour in ("red", "blue"):
        Image.new("RGB", (64, 64), colour).save(home / "photos" / f"{colour}.png")
    (home / "mine.txt").write_text("a [name] on a house\na red [name]\n")
    return folder


def run_evaluation(control=None, **changes):
    """Evaluate it on two prompts; returns the events and what was found."""
    given = {"embedding": "zyx", "dataset_dir": "photos", "prompts": "mine.txt"}
    settings = EvaluateSettings.build(given, {"num_snapshots": 2, "encoders": "none"}, changes)
    return drained(evaluate(settings, control or Control()))
