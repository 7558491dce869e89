"""Previews of a run: the same prompts and seeds again and again, with the vectors as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from PIL import Image

from textual_inversion.embeddings.formats import png
from textual_inversion.events import Event, Previewed, Saved, Warned
from textual_inversion.generation.generate import describe_params, save_picture
from textual_inversion.generation.sampling import SamplingParams, sample
from textual_inversion.images.files import read_infotext
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.prompts.template import fill
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.training.context import RunContext, is_time
from textual_inversion.training.trainer import Ending

Beside = Literal["none", "start", "removed"]


@dataclass(frozen=True)
class Previews:
    """Draws pictures with the vectors as they stand, and one that carries them.

    The vectors are read anew for every preview; no encoded prompt outlives its picture. What the
    prompts give without the embedding never changes, so it is drawn once a run.
    """

    context: RunContext
    every: int
    shots: tuple[SamplingParams, ...]
    with_embedding: bool
    control: Control
    beside: Beside = "none"

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the interval is full or the run is done; a stop does not wait for one."""
        if ending == "stopped":
            return False
        return self.every > 0 and (ending is not None or is_time(step, self.every))

    def run(self, step: int) -> Iterator[Event]:
        """Draw, save and tell."""
        try:
            with torch.random.fork_rng(devices=[]):
                yield from self._without(step)
                yield from self._with(step)
        except Exception as error:  # noqa: BLE001
            # A preview is a courtesy: whatever breaks it must not cost the training.
            yield Warned(f"The preview at step {step} could not be drawn: {error}.")

    def _with(self, step: int) -> Iterator[Event]:
        context = self.context
        embedding = context.embedding(step, snapshot=True)
        words = {context.learner.name: embedding.vectors}
        for place, (params, seed, picture) in enumerate(self._pictures(self.shots, words)):
            path = self._path(str(step), place)
            save_picture(path, picture, self._describe(params, seed, words))
            yield Previewed(step, str(path), params.prompt)
            if self.with_embedding and place == 0:
                carrier = context.folder / "image_embeddings" / path.name
                png.write(carrier, picture, embedding)
                yield Saved(step, "image embedding", str(carrier))

    def _without(self, step: int) -> Iterator[Event]:
        """Draw the same without what was learned, unless the pictures are there already."""
        if self.beside == "none":
            return
        context = self.context
        shots, words = self.shots, {context.learner.name: context.origin}
        if self.beside == "removed":
            name = f"<{context.name}>"
            shots = tuple(replace(params, prompt=_removed(params.prompt, name)) for params in shots)
            words = {}
        told = [
            (params, self._describe(params, seed, words))
            for params in shots
            for seed in params.seeds
        ]
        paths = [self._path("without", place) for place in range(len(told))]
        if [read_infotext(path) for path in paths] == [text for _, text in told]:
            return
        for path, (params, text), (_, _, picture) in zip(
            paths, told, self._pictures(shots, words), strict=False
        ):
            save_picture(path, picture, text)
            yield Previewed(step, str(path), params.prompt, without=True)

    def _describe(self, params: SamplingParams, seed: int, words: LearnedTokens) -> str:
        return describe_params(self.context.learner.model, params, seed, words)

    def _path(self, what: str, place: int) -> Path:
        ending = "" if place == 0 else f"-{place + 1}"
        return self.context.folder / "images" / f"{self.context.name}-{what}{ending}.png"

    def _pictures(
        self, shots: tuple[SamplingParams, ...], words: LearnedTokens
    ) -> Iterator[tuple[SamplingParams, int, Image.Image]]:
        """Draw each prompt's pictures together; no more of them when a stop is asked for."""
        model = self.context.learner.model
        for params in shots:
            latents = None
            for drawing in sample(model, params, words):
                latents = drawing.latents
                if self.control.stopping:
                    return
            assert latents is not None
            for seed, picture in zip(params.seeds, model.decode(latents), strict=True):
                yield params, seed, picture


def preview_params(
    settings: TrainSettings, *, name: str, first_line: str, size: tuple[int, int]
) -> tuple[SamplingParams, ...]:
    """Say what previews show: each line of the prompt, else the template's first line.

    `name` is the word as prompts write it, `size` what is used where the settings leave it open.
    """
    written = [line.strip() for line in settings.preview_prompt.splitlines() if line.strip()]
    seeds = range(settings.preview_seed, settings.preview_seed + settings.preview_images)
    return tuple(
        SamplingParams(
            prompt=fill(line, name=name, words=""),
            negative_prompt=fill(settings.preview_negative_prompt, name=name, words=""),
            sampler=settings.preview_sampler,
            steps=settings.preview_steps,
            cfg_scale=settings.preview_cfg_scale,
            width=settings.preview_width or size[0],
            height=settings.preview_height or size[1],
            seeds=tuple(seed % 2**32 for seed in seeds),
        )
        for line in written or [first_line]
    )


def _removed(prompt: str, name: str) -> str:
    return " ".join(prompt.replace(name, " ").split())
