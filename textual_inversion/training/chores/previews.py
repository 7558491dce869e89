"""Previews of a run: the same prompts and seeds again and again, with the present vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from PIL import Image

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import png
from textual_inversion.events import Event, Previewed, Saved, Warned
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.pictures import describe_params, save_picture
from textual_inversion.generation.sampling import sample
from textual_inversion.images.files import read_infotext
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.prompts.template import fill_template
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.training.context import RunContext, is_interval_or_end
from textual_inversion.training.trainer import Ending

Beside = Literal["none", "start", "removed"]


@dataclass(frozen=True)
class Previews:
    """Draws pictures with the present vectors, and one that carries them.

    The vectors are read anew for every preview; no encoded prompt outlives its picture. What the
    prompts give without the embedding never changes, so it is drawn once a run.
    """

    context: RunContext
    every: int
    params: tuple[SamplingParams, ...]
    with_embedding: bool
    control: Control
    beside: Beside = "none"

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Whether the interval is full or the run is done; a stop does not wait for a picture."""
        return ending != "stopped" and is_interval_or_end(step, self.every, ending)

    def run(self, step: int) -> Iterator[Event]:
        """Draw and save the pictures that are missing beside previews, then the previews."""
        try:
            with torch.random.fork_rng(devices=[]):
                for series in (*self._without(), self._with(step)):
                    for path, prompt, picture in self._draw(series):
                        yield Previewed(step, str(path), prompt, without=series.embedding is None)
                        if self.with_embedding and series.embedding and path == series.paths[0]:
                            carrier = self.context.folder / "image_embeddings" / path.name
                            png.write(carrier, picture, series.embedding)
                            yield Saved(step, "image embedding", str(carrier))
        except Exception as error:  # noqa: BLE001
            # A preview is a courtesy: whatever breaks it must not cost the training.
            yield Warned(f"The preview at step {step} could not be drawn: {error}.")

    def _with(self, step: int) -> _Series:
        embedding = self.context.embedding(step, snapshot=True)
        words = {self.context.learner.name: embedding.vectors}
        return self._series(str(step), self.params, words, embedding)

    def _without(self) -> list[_Series]:
        """Plan the same without what was learned; nothing if the pictures are there already."""
        if self.beside == "none":
            return []
        words: LearnedTokens = {self.context.learner.name: self.context.origin}
        shown = self.params
        if self.beside == "removed":
            name, words = f"<{self.context.name}>", {}
            shown = tuple(replace(one, prompt=_removed(one.prompt, name)) for one in shown)
        series = self._series("without", shown, words, None)
        return (
            [] if [read_infotext(path) for path in series.paths] == series.infotexts else [series]
        )

    def _series(
        self,
        what: str,
        shown: tuple[SamplingParams, ...],
        words: LearnedTokens,
        embedding: Embedding | None,
    ) -> _Series:
        model = self.context.learner.model
        texts = [
            describe_params(model, one, index, words)
            for one in shown
            for index in range(len(one.seeds))
        ]
        paths = [self._path(what, index) for index in range(len(texts))]
        return _Series(shown, words, paths, texts, embedding)

    def _path(self, what: str, index: int) -> Path:
        ending = "" if index == 0 else f"-{index + 1}"
        return self.context.folder / "images" / f"{self.context.name}-{what}{ending}.png"

    def _draw(self, series: _Series) -> Iterator[tuple[Path, str, Image.Image]]:
        """Draw each prompt's pictures together and save them; no more of them after a stop."""
        model = self.context.learner.model
        files = zip(series.paths, series.infotexts, strict=True)
        for params in series.params:
            latents = None
            for state in sample(model, params, series.words):
                latents = state.latents
                if self.control.stopping:
                    return
            assert latents is not None
            for picture in model.decode(latents):
                path, infotext = next(files)
                save_picture(path, picture, infotext)
                yield path, params.prompt, picture


@dataclass(frozen=True)
class _Series:
    """Pictures drawn with the same vectors, their files, and the embedding if it is learned."""

    params: tuple[SamplingParams, ...]
    words: LearnedTokens
    paths: list[Path]
    infotexts: list[str]
    embedding: Embedding | None


def preview_params(
    settings: TrainSettings, *, name: str, first_line: str, size: tuple[int, int]
) -> tuple[SamplingParams, ...]:
    """Read what previews show: each line of the prompt, else the template's first line.

    `name` is the word as prompts write it, `size` what is used where the settings leave it open.
    """
    prompts = [line.strip() for line in settings.preview_prompt.splitlines() if line.strip()]
    seeds = range(settings.preview_seed, settings.preview_seed + settings.preview_images)
    return tuple(
        SamplingParams(
            prompt=fill_template(line, name=name, words=""),
            negative_prompt=fill_template(settings.preview_negative_prompt, name=name, words=""),
            sampler=settings.preview_sampler,
            steps=settings.preview_steps,
            cfg_scale=settings.preview_cfg_scale,
            width=settings.preview_width or size[0],
            height=settings.preview_height or size[1],
            seeds=tuple(seed % 2**32 for seed in seeds),
        )
        for line in prompts or [first_line]
    )


def _removed(prompt: str, name: str) -> str:
    return " ".join(prompt.replace(name, " ").split())
