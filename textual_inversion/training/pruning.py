"""Prune an embedding by leave-one-out loss: drop the vectors that the loss misses the least."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import torch

from textual_inversion.data.batches import Batch
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.workshop.operations import Vectors, drop
from textual_inversion.errors import EmbeddingError
from textual_inversion.events import Event, Finished, Progressed, Started
from textual_inversion.names import check_name
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.workshop import PruneSettings
from textual_inversion.storage.paths import find_folder
from textual_inversion.training.build import Components, open_components, read_data
from textual_inversion.training.learner import Learner
from textual_inversion.training.optimization import losses


@dataclass(frozen=True)
class Dropped:
    """A vector that was dropped, by its number in the given embedding, and what it changed."""

    number: int
    loss_before: float
    loss_after: float
    left: int


def prune(settings: PruneSettings, control: Control) -> Iterator[Event | Dropped]:
    """Drop vectors one by one, each time the one without which the loss is the lowest.

    The loss is that of the fixed batch of an evaluation: the same pictures, prompts, noise and
    timesteps for every try. A stop is heard between two tries, and saves nothing.

    Raises:
        EmbeddingError: The embedding is missing, or has no more vectors than are to be kept.
    """
    library = Library(find_folder("embeddings"))
    embedding = library.load(settings.embedding)
    new_name = check_name(settings.new_name or f"{embedding.name}-pruned")
    if embedding.num_vectors <= settings.keep:
        raise EmbeddingError(
            f'The embedding "{embedding.name}" has {embedding.num_vectors} vectors, and '
            f"{settings.keep} are to be kept; keep fewer."
        )
    if not settings.overwrite and (taken := library.find(new_name)):
        raise EmbeddingError(
            f'There is already an embedding "{new_name}" at {taken.path}; choose another name or '
            "allow overwriting."
        )
    parts = yield from open_components(
        _train_settings(settings), control, embedding, library=library
    )
    batches = yield from read_data(parts, control)
    if batches is None:
        yield Finished(0, "stopped")
        return
    total = _num_tries(embedding.num_vectors, settings.keep)
    yield Started(embedding.name, 0, total)
    vectors = yield from _drop_one_by_one(parts, batches.evaluation(), settings.keep, control)
    if vectors is None:
        return
    pruned = replace(embedding, name=new_name, vectors=vectors, key=None)
    yield Finished(total, "finished", str(library.save(pruned, overwrite=settings.overwrite)))


def _train_settings(settings: PruneSettings) -> TrainSettings:
    """Take over what a training shares with a pruning; nothing is held out."""
    shared = {
        name: value
        for name, value in settings.model_dump().items()
        if name in TrainSettings.model_fields
    }
    return TrainSettings.build(shared, {"hold_out_picture": False})


def _num_tries(num_vectors: int, keep: int) -> int:
    """Count the losses to be measured: one of all vectors, then one for each that could go."""
    return 1 + sum(range(keep + 1, num_vectors + 1))


def _drop_one_by_one(
    parts: Components, batch: Batch, keep: int, control: Control
) -> Generator[Event | Dropped, None, Vectors | None]:
    """Drop vectors until `keep` are left; None when asked to stop."""
    vectors = parts.embedding.vectors
    numbers = list(range(1, len(vectors[0]) + 1))
    total = _num_tries(len(numbers), keep)
    before, done = measure_loss(parts, vectors, batch), 1
    yield Progressed(done, total)
    while len(numbers) > keep:
        without: list[float] = []
        for number in range(1, len(numbers) + 1):
            if control.stopping:
                yield Finished(done, "stopped")
                return None
            without.append(measure_loss(parts, drop(vectors, [number]), batch))
            done += 1
            yield Progressed(done, total)
        index = min(range(len(numbers)), key=without.__getitem__)
        vectors = drop(vectors, [index + 1])
        yield Dropped(numbers.pop(index), before, without[index], len(numbers))
        before = without[index]
    return vectors


@torch.no_grad()
def measure_loss(parts: Components, vectors: Vectors, batch: Batch) -> float:
    """Compute the mean squared error of a batch with these vectors in place of the embedding's."""
    learner = Learner(parts.model, parts.embedding.word, vectors, settings=parts.settings)
    at_once = parts.settings.pictures_at_once or parts.settings.batch_size
    errors: list[float] = []
    for part in batch.split(at_once):
        found = losses.squared(*learner.predict(part))  # (B, C, H, W)
        if part.weights is not None:
            found = found * part.weights.to(found.device)
        errors += found.flatten(1).mean(1).tolist()
    return sum(errors) / len(errors)
