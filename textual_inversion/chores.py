"""What a run makes on the way: snapshots, previews, checkpoints, the embedding itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from PIL import Image

from textual_inversion import files
from textual_inversion.checkpoint import write_checkpoint
from textual_inversion.control import Control
from textual_inversion.evaluation import Evaluator
from textual_inversion.events import Event, Previewed, Saved, Warned
from textual_inversion.files import image
from textual_inversion.generate import describe_shot, save_picture
from textual_inversion.library import Library
from textual_inversion.models.text import Words
from textual_inversion.sampling import Shot, sample
from textual_inversion.subject import Subject, is_time
from textual_inversion.trainer import Ending


@dataclass(frozen=True)
class Snapshots:
    """Keeps copies of the vectors: embeddings/<name>-<step>.pt holds exactly `step` updates."""

    subject: Subject
    every: int

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the interval is full, or the run is done."""
        at_the_end = ending is not None and ending != "stopped"
        return self.every > 0 and (at_the_end or is_time(step, self.every))

    def run(self, step: int) -> Iterator[Event]:
        """Write one copy."""
        path = self.subject.folder / "embeddings" / f"{self.subject.name}-{step}.pt"
        files.write(self.subject.embedding(step, snapshot=True), path)
        yield Saved(step, "snapshot", str(path))


@dataclass(frozen=True)
class Previews:
    """Draws a picture with the vectors as they stand, and one that carries them.

    The vectors are read anew for every preview; no encoded prompt outlives its picture.
    """

    subject: Subject
    every: int
    shots: tuple[Shot, ...]
    with_embedding: bool
    control: Control

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the interval is full or the run is done; a stop does not wait for one."""
        if ending == "stopped":
            return False
        return self.every > 0 and (ending is not None or is_time(step, self.every))

    def run(self, step: int) -> Iterator[Event]:
        """Draw, save and tell; a drawing that fails does not fail the run."""
        try:
            with torch.random.fork_rng(devices=[]):
                yield from self._draw(step)
        except (RuntimeError, MemoryError) as error:
            yield Warned(f"The preview at step {step} could not be drawn: {error}.")

    def _draw(self, step: int) -> Iterator[Event]:
        subject = self.subject
        embedding = subject.embedding(step, snapshot=True)
        words = {subject.name: embedding.vectors}
        number = 0
        for shot in self.shots:
            for picture, seed in self._pictures(shot, words):
                number += 1
                ending = "" if number == 1 else f"-{number}"
                path = subject.folder / "images" / f"{subject.name}-{step}{ending}.png"
                save_picture(path, picture, describe_shot(subject.learner.model, shot, seed, words))
                yield Previewed(step, str(path), shot.prompt)
                if self.with_embedding and number == 1:
                    carrier = subject.folder / "image_embeddings" / path.name
                    image.write(carrier, picture, embedding)
                    yield Saved(step, "image embedding", str(carrier))

    def _pictures(self, shot: Shot, words: Words) -> Iterator[tuple[Image.Image, int]]:
        """Draw a shot's pictures together; none when a stop is asked for meanwhile."""
        model = self.subject.learner.model
        latents = None
        for drawing in sample(model, shot, words):
            latents = drawing.latents
            if self.control.stopping:
                return
        assert latents is not None
        yield from zip(model.decode(latents), shot.seeds, strict=True)


@dataclass(frozen=True)
class Checkpoints:
    """Writes what exact resume needs, now and then and at every end."""

    subject: Subject
    every: int
    evaluator: Evaluator

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the interval is full or the run ends."""
        return ending is not None or is_time(step, self.every)

    def run(self, step: int) -> Iterator[Event]:
        """Write a checkpoint."""
        state = {
            **self.subject.learner.state(),
            "origin": list(self.subject.origin),
            "evaluation": self.evaluator.state(),
        }
        path = write_checkpoint(self.subject.folder, self.subject.name, state)
        yield Saved(step, "checkpoint", str(path))


@dataclass(frozen=True)
class FinalSave:
    """Puts the trained embedding in its place in the library when the run ends."""

    subject: Subject
    library: Library

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the run ends."""
        return ending is not None

    def run(self, step: int) -> Iterator[Event]:
        """Save the embedding over its older self."""
        path = self.library.save(self.subject.embedding(step, snapshot=False), overwrite=True)
        yield Saved(step, "embedding", str(path))
