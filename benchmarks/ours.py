"""Our loop as a run assembles it, without the files around it."""

from __future__ import annotations

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.initialization import start_vectors
from textual_inversion.events import Event
from textual_inversion.models.opening import load_options, open_model
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.training.build import make_learner, open_components, read_data
from textual_inversion.training.optimization import losses
from textual_inversion.training.optimization.averaging import put

Made = TypeVar("Made")
NAME = "bench-word"


class OurLoop:
    """Our step with our defaults; `choices` are further training settings."""

    def __init__(
        self,
        folder: Path,
        dataset: Path,
        *,
        batch: int,
        word: str,
        num_vectors: int = 1,
        **choices: Any,
    ) -> None:
        settings = TrainSettings.model_validate(
            {
                "embedding": NAME,
                "model": str(folder),
                "dataset_dir": str(dataset),
                "template": "subject.txt",
                "batch_size": batch,
                "max_steps": 1_000_000,
                **choices,
            }
        )
        parts = _finish(open_components(settings, Control(), _start(settings, word, num_vectors)))
        batches = _finish(read_data(parts, Control()))
        if batches is None:
            raise SystemExit("the data set was not read")
        self.batch = batch
        self.learner = make_learner(parts, 0, None)
        self.stream = batches.start_at(0)
        self.fixed = batches.evaluation()

    def step(self) -> float:
        """Take one step."""
        return float(self.learner.step(next(self.stream)))

    @torch.no_grad()
    def fixed_loss(self, vector: torch.Tensor | None = None) -> float:
        """Read the loss of the fixed batch, with our vectors or with another's (D,)."""
        if vector is None:
            with self.learner.as_saved():
                return self._read_fixed()
        saved = [p.detach().clone() for p in self.learner.parameters]
        self.learner.parameters[0].copy_(vector.expand_as(self.learner.parameters[0]))
        loss = self._read_fixed()
        put(saved, self.learner.parameters)
        return loss

    def _read_fixed(self) -> float:
        parts = [losses.squared(*self.learner.predict(part)) for part in self.fixed.split(4)]
        return torch.cat(parts).mean().item()

    def checkpoint_bytes(self) -> int:
        """Size our checkpoint."""
        buffer = io.BytesIO()
        torch.save(self.learner.state(), buffer)
        return buffer.tell()


def _start(settings: TrainSettings, word: str, num_vectors: int) -> Embedding:
    """Start vectors from a word, of the model that the training then finds open."""
    model = open_model(settings.model, load_options(settings))
    vectors = start_vectors(model.text.encoders, word, num_vectors)
    return Embedding(NAME, vectors, 0, model.info.name, "")


def _finish(events: Generator[Event, None, Made]) -> Made:
    """Run a generator of events to its end and give what it returns."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value
