"""Runs that differ in what they may differ in, on the tiny stack."""

import pytest

from tests.cats import QUIET
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.create import create
from textual_inversion.events import Finished
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CreateSettings, TrainSettings
from textual_inversion.training.run import train


class Runs:
    """Several trainings of one home: each can be trained alone, or all together."""

    def __init__(self, home, stack):
        self.home = home
        self.model = str(stack)
        self.settings = []

    def add(self, name, num_vectors=1, **changes):
        small = {"max_steps": 4, "batch_size": 2, "dataset_dir": "pictures", **QUIET}
        given = {"embedding": name, "model": self.model, "resume": "never"}
        self.settings.append(TrainSettings.build(small, given, changes))
        start = {"initialization_text": "red cat", "num_vectors": num_vectors, "overwrite": True}
        create(CreateSettings.build({"name": name, "model": self.model}, start))
        return self

    def alone(self):
        """Train one after another; give what each learned, and put the starts back."""
        starts = {one.embedding: self.file(one.embedding).read_bytes() for one in self.settings}
        for one in self.settings:
            assert isinstance(list(train(one, Control()))[-1], Finished)
        learned = self.learned()
        for name, start in starts.items():
            self.file(name).write_bytes(start)
        return learned

    def file(self, name):
        return self.home / "embeddings" / f"{name}.pt"

    def learned(self):
        return {one.embedding: formats.read(self.file(one.embedding)) for one in self.settings}

    def together(self, at_once=8, control=None):
        from textual_inversion.sweeps.batch import train_together

        return train_together(self.settings, control or Control(), at_once=at_once)


@pytest.fixture
def runs(home, pictures, stacks):
    return Runs(home, stacks["sd1"])
