"""Text and pictures to pictures: settings in, PNG files with their infotext out."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date

import torch

from textual_inversion.devices.out_of_memory import is_out_of_memory
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import ModelError
from textual_inversion.events import Event, Finished, Loading, Progressed, Sampled, Started
from textual_inversion.generation.batches import make_batches, warn_of_no_effect
from textual_inversion.generation.hires import second_pass, start_of_second_pass
from textual_inversion.generation.init_image.canvas import open_canvas
from textual_inversion.generation.init_image.start import Start, start_from
from textual_inversion.generation.named_embeddings import load_named_embeddings
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.pictures import write_pictures
from textual_inversion.generation.previews.live import LivePreviews
from textual_inversion.generation.sampling import SamplingState, count_calls, sample
from textual_inversion.models.base import BaseModel
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.models.opening import open_model
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings
from textual_inversion.storage.atomic import os_errors
from textual_inversion.storage.paths import find_folder

_OUT_OF_MEMORY = (
    "Out of memory; to use less, try in this order: one picture at a time (--num-images 1), "
    "--vae-tiling on, a smaller width and height, no high-res fix."
)
_NO_NUMBERS = (
    "No picture came out, because the base model's numbers grew beyond all bounds (NaN); lower the "
    "weights in the prompt, or the CFG scale."
)


def generate(
    settings: GenerateSettings, control: Control, *, live_previews: bool = False
) -> Iterator[Event]:
    """Generate the pictures that `settings` describe; yields a Progressed for each file.

    A stop keeps what is done, as A1111 does it: the pictures being drawn are saved as they are.
    What is asked to be skipped is left out, and the next batch begins.
    """
    try:
        yield from _generate(settings, control, live_previews=live_previews)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise ModelError(_OUT_OF_MEMORY) from None


def _generate(
    settings: GenerateSettings, control: Control, *, live_previews: bool
) -> Iterator[Event]:
    yield Loading("base model")
    info = yield from fetch_for_job(settings.model, control)
    model = open_model(info, vae=settings.vae, tokenizer=settings.tokenizer)
    batches = make_batches(settings, model)
    params = batches[0]
    canvas = open_canvas(params.init, params.width, params.height) if params.init else None
    start = start_from(model, params, canvas) if canvas else None
    words, warnings = load_named_embeddings(params, Library(find_folder("embeddings")), model)
    yield from warnings
    yield from warn_of_no_effect(settings, model)
    folder = find_folder(settings.output) / date.today().isoformat()
    # Before the drawing, which may take long and would be lost.
    with os_errors(folder, doing="make the folder of the pictures"):
        folder.mkdir(parents=True, exist_ok=True)
    live = LivePreviews(model, enabled=live_previews)
    work = _Work(model, words, start, control, live, len(batches))
    yield Started("pictures", 0, work.calls(params) * len(batches), str(folder))
    done = 0
    for index, params in enumerate(batches):
        latents = yield from work.draw(params, index)
        if latents is not None:
            for path in write_pictures(model, params, words, latents, folder, canvas=canvas):
                done += 1
                yield Progressed(done, len(batches) * settings.num_images, str(path))
        if control.stopping:
            yield Finished(done, "stopped", str(folder) if done else "")
            return
    yield Finished(done, "finished", str(folder) if done else "")


@dataclass(frozen=True)
class _Work:
    """What all batches of a job share."""

    model: BaseModel
    words: LearnedTokens
    start: Start | None
    control: Control
    live: LivePreviews
    num_batches: int

    def calls(self, params: SamplingParams) -> int:
        """Count the calls of the UNet that one batch needs."""
        calls = count_calls(self.model, params, self.start.first_step if self.start else 0)
        return calls + (count_calls(self.model, *second_pass(params)) if params.hires else 0)

    def draw(
        self, params: SamplingParams, index: int
    ) -> Generator[Event, None, torch.Tensor | None]:
        """Draw a batch; returns its latents (B, C, H, W), None when it was skipped.

        Of a batch that was stopped, it returns the UNet's estimate of the finished latents.
        """
        skips = self.control.asked["skip"]
        latents = None
        for state in draw(self.model, params, self.words, self.start):
            step, total = index * state.total + state.step, self.num_batches * state.total
            yield Sampled(step, total, self.live.draw(state))
            if self.control.stopping:
                return state.denoised
            if self.control.asked["skip"] > skips:
                return None
            latents = state.latents
        return latents


def draw(
    model: BaseModel, params: SamplingParams, words: LearnedTokens, start: Start | None = None
) -> Iterator[SamplingState]:
    """Sample, and with the high-res fix once more at the larger size; steps count through.

    Raises:
        ModelError: The finished latents are no numbers, as after weights of 10^40.
    """
    state = None
    for state in _passes(model, params, words, start):
        yield state
    if state is not None and not state.latents.isfinite().all():
        raise ModelError(_NO_NUMBERS)


def _passes(
    model: BaseModel, params: SamplingParams, words: LearnedTokens, start: Start | None
) -> Iterator[SamplingState]:
    if params.hires is None:
        yield from sample(model, params, words, start)
        return
    second, first_step = second_pass(params)
    before, more = 0, count_calls(model, second, first_step)
    latents = None
    for state in sample(model, params, words, start):
        latents, before = state.latents, state.total
        yield SamplingState(state.step, before + more, latents, state.estimate)
    assert latents is not None
    onward = start_of_second_pass(model, latents, params, first_step)
    for state in sample(model, second, words, onward):
        yield SamplingState(before + state.step, before + more, state.latents, state.estimate)
