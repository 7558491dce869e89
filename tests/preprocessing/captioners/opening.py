"""Captioners, opened as the job opens them."""

import threading

from tests.generators import drained
from textual_inversion.settings import PreprocessSettings


def opened(module, model, **choices):
    """Load the `model` of a captioner's module."""
    name = module.__name__.rpartition(".")[2]
    settings = PreprocessSettings.build(
        {"source": "a", "destination": "b", "caption": (name,), f"{name}_model": str(model)},
        choices,
    )
    module.check(settings)
    _, captioner = drained(module.load(settings, threading.Event()))
    return captioner
