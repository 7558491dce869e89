"""The pictures of an evaluation: drawn one by one, or taken from those that were drawn before."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from PIL import Image

from textual_inversion.embeddings.library import Library
from textual_inversion.evaluation.snapshots.plan import Candidate, Plan
from textual_inversion.events import Event, Sampled, Warned
from textual_inversion.generation.batches import make_batches
from textual_inversion.generation.generate import draw
from textual_inversion.generation.grids.cache import CellCache, digest
from textual_inversion.generation.named_embeddings import load_named_embeddings
from textual_inversion.generation.pictures import describe_params, save_picture
from textual_inversion.images.files import open_image
from textual_inversion.models.base import BaseModel
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings


class Drawing:
    """Draws pictures into the cache; `done` counts their sampling steps."""

    def __init__(
        self, plan: Plan, model: BaseModel, library: Library, cache: CellCache, control: Control
    ) -> None:
        self.plan = plan
        self.model = model
        self.library = library
        self.cache = cache
        self.control = control
        self.done = 0
        self._said: set[str] = set()

    def draw(
        self, subject: Candidate, prompt: str, seed: int
    ) -> Generator[Event, None, Path | None]:
        """Draw a picture; returns its file in the cache, None when it was asked to stop."""
        shared = self.plan.shared
        fields = {"prompt": self.plan.text(subject, prompt), "seed": seed}
        settings = GenerateSettings.build(shared.model_dump(), fields)
        (params,) = make_batches(settings, self.model)
        given = {}
        if subject.embedding:
            given = {self.plan.name: subject.embedding.vectors}
        words, warnings = load_named_embeddings(params, self.library, self.model, given)
        yield from self._new(warnings)
        key = digest(self.model, params, words)
        found = self.cache.find(key)
        if found is None:
            state = None
            for state in draw(self.model, params, words):
                yield Sampled(
                    self.done + shared.steps * state.step // state.total, self.plan.num_steps
                )
                if self.control.stopping:
                    return None
            assert state is not None
            (picture,) = self.model.decode(state.latents, tiled=params.is_tiled)
            text = describe_params(self.model, params, 0, words)
            found = self.cache.path(key)
            save_picture(found, picture, text)
        self.done += shared.steps
        return None if self.control.stopping else found

    def _new(self, warnings: list[Warned]) -> Generator[Event, None, None]:
        """Pass on what was not said of another picture."""
        for warning in warnings:
            if warning.message not in self._said:
                self._said.add(warning.message)
                yield warning


def open_drawn(path: Path) -> Image.Image:
    """Open a picture that was drawn here."""
    with open_image(path) as picture:
        return picture.convert("RGB")
