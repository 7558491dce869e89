"""One small training, and what is asked of it."""

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.create import create
from textual_inversion.events import Stepped
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CreateSettings, TrainSettings
from textual_inversion.training.run import train

QUIET = {
    "save_image_every": 0,
    "save_embedding_every": 0,
    "checkpoint_every": 0,
    "evaluate_every": 0,
}


def make_cat(model):
    """Make the embedding anew: two vectors from "red cat"."""
    start = {"initialization_text": "red cat", "num_vectors": 2, "overwrite": True}
    return create(CreateSettings.build({"name": "cat-x", "model": str(model)}, start))


def settings(cat, **changes):
    small = {"max_steps": 4, "batch_size": 2, "preview_steps": 2, **QUIET}
    return TrainSettings.build(cat, small, changes)


def run(cat, control=None, **changes):
    return list(train(settings(cat, **changes), control or Control()))


def losses(events):
    return [event.loss for event in events if isinstance(event, Stepped)]


def vectors(home):
    return formats.read(home / "embeddings" / "cat-x.pt").vectors[0]
