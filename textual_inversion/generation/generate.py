"""txt2img with embeddings: settings in, PNG files with their infotext out."""

from __future__ import annotations

import base64
import io
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from textual_inversion.embeddings.library import Library
from textual_inversion.events import Event, Finished, Loading, Progressed, Sampled, Started, Warned
from textual_inversion.generation.infotext import infotext, vectors_hash
from textual_inversion.generation.sampling import SamplingParams, SamplingState, sample
from textual_inversion.images.files import INFOTEXT_KEY
from textual_inversion.models.base import BaseModel, other_dimension
from textual_inversion.models.loading import open_model
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.names import bare, nearest
from textual_inversion.prompts.placeholders import split_names, unknown_names
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings
from textual_inversion.storage.atomic import whole_file
from textual_inversion.storage.paths import find_folder

# A live preview may take this share of the time.
_PREVIEW_SHARE = 0.1
_PREVIEW_PX = 256


def generate(
    settings: GenerateSettings, control: Control, *, live_previews: bool = False
) -> Iterator[Event]:
    """Draw the pictures that `settings` ask for; one Progressed a file written."""
    yield Loading("base model")
    model = open_model(settings.model)
    params = make_shot(settings, model)
    words, warnings = find_words(params, Library(find_folder("embeddings")), model)
    yield from warnings
    folder = find_folder(settings.output) / date.today().isoformat()
    yield Started("pictures", 0, params.steps, str(folder))
    state = None
    live = _LivePreviews(model, wanted=live_previews)
    for state in sample(model, params, words):
        yield Sampled(state.step, state.total, live.draw(state))
        if control.stopping:
            yield Finished(state.step, "stopped")
            return
    assert state is not None
    yield from _write(model, params, words, state.latents, folder)
    yield Finished(state.total, "finished", str(folder))


def make_shot(settings: GenerateSettings, model: BaseModel) -> SamplingParams:
    """Fill in what the settings leave open: the model's size, and a seed."""
    seed = settings.seed if settings.seed >= 0 else secrets.randbelow(2**32 - 64)
    return SamplingParams(
        prompt=settings.prompt,
        negative_prompt=settings.negative_prompt,
        sampler=settings.sampler,
        steps=settings.steps,
        cfg_scale=settings.cfg_scale,
        width=settings.width or model.info.size,
        height=settings.height or model.info.size,
        seeds=tuple((seed + place) % 2**32 for place in range(settings.num_images)),
    )


def find_words(
    params: SamplingParams, library: Library, model: BaseModel
) -> tuple[LearnedTokens, list[Warned]]:
    """Load the embeddings that the parameters' prompts name; warn of those that cannot be used."""
    usable = {entry.word: entry for entry in library.list() if entry.problem is None}
    prompts = f"{params.prompt}\n{params.negative_prompt}"
    named = [piece.name for piece in split_names(prompts, usable) if piece.name is not None]
    words: dict[str, tuple[torch.Tensor, ...]] = {}
    warnings = warn_of_unknown(prompts, usable, library)
    for word in dict.fromkeys(named):
        entry = usable[word]
        if entry.widths == model.info.widths:
            words[word] = library.load(entry.name).vectors
        else:
            why = other_dimension(entry.name, entry.widths, model.info.widths)
            warnings.append(Warned(f"{why} Its name is read as plain text."))
    return words, warnings


def warn_of_unknown(prompts: str, words: Iterable[str], library: Library) -> list[Warned]:
    """Warn of each <name> in the prompts that stands for none of `words`."""
    return [Warned(_unknown(name, library)) for name in unknown_names(prompts, words)]


def _unknown(name: str, library: Library) -> str:
    entry = library.find(name)
    if entry and entry.problem:
        return f"<{name}> is read as plain text, since its file cannot be used: {entry.problem}"
    near = nearest(name, (entry.name for entry in library.list() if entry.problem is None))
    advice = f"did you mean {' or '.join(f'<{one}>' for one in near)}?" if near else ""
    return (
        f"There is no embedding called <{name}> in {library.folder}, so it is read as plain text; "
        + (advice or "check the name or put its file there.")
    )


def save_picture(path: Path, picture: Image.Image, text: str) -> None:
    """Write a PNG whole, with its infotext in the `parameters` chunk."""
    info = PngInfo()
    info.add_text(INFOTEXT_KEY, text)
    with whole_file(path) as temporary:
        picture.save(temporary, format="PNG", pnginfo=info)


def describe_params(
    model: BaseModel, params: SamplingParams, seed: int, words: LearnedTokens
) -> str:
    """Word the infotext of one of the pictures that parameters ask for."""
    hashes = {bare(name): vectors_hash(vectors) for name, vectors in words.items()}
    return infotext(params, seed, model=model.info.name, model_hash=model.hash, words=hashes)


def _write(
    model: BaseModel,
    params: SamplingParams,
    words: LearnedTokens,
    latents: torch.Tensor,
    folder: Path,
) -> Iterator[Event]:
    number = _next_number(folder)
    for place, seed in enumerate(params.seeds):
        (picture,) = model.decode(latents[place : place + 1])
        path = folder / f"{number + place:05d}-{seed}.png"
        save_picture(path, picture, describe_params(model, params, seed, words))
        yield Progressed(place + 1, len(params.seeds), str(path))


def _next_number(folder: Path) -> int:
    taken = [path.name.partition("-")[0] for path in folder.glob("*-*.png")]
    return max((int(number) for number in taken if number.isdigit()), default=-1) + 1


class _LivePreviews:
    """Decodes the first picture of a drawing now and then, as a small data: URL."""

    def __init__(self, model: BaseModel, *, wanted: bool) -> None:
        self.model = model
        self.wanted = wanted
        self.due_at = 0.0

    def draw(self, state: SamplingState) -> str:
        began = time.perf_counter()
        if not self.wanted or began < self.due_at or state.step == state.total:
            return ""
        (picture,) = self.model.decode(state.latents[:1])
        picture.thumbnail((_PREVIEW_PX, _PREVIEW_PX))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
        self.due_at = time.perf_counter() + (time.perf_counter() - began) / _PREVIEW_SHARE
        return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
