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
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.sampling import SamplingState, sample
from textual_inversion.images.files import INFOTEXT_KEY
from textual_inversion.models.base import BaseModel, dimension_mismatch
from textual_inversion.models.opening import open_model
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.names import nearest, strip_brackets
from textual_inversion.prompts.placeholders import split_names, unknown_names
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings
from textual_inversion.storage.atomic import whole_file
from textual_inversion.storage.paths import find_folder

# Live previews take at most about this share of the time.
_PREVIEW_SHARE = 0.1
_PREVIEW_PX = 256


def generate(
    settings: GenerateSettings, control: Control, *, live_previews: bool = False
) -> Iterator[Event]:
    """Generate the pictures that `settings` describe; yields a Progressed for each file.

    A stop keeps the batches that are done.
    """
    yield Loading("base model")
    model = open_model(settings.model, vae=settings.vae)
    batches = make_batches(settings, model)
    words, warnings = load_named_embeddings(batches[0], Library(find_folder("embeddings")), model)
    yield from warnings
    yield from _warn_of_no_effect(settings, model)
    folder = find_folder(settings.output) / date.today().isoformat()
    yield Started("pictures", 0, settings.steps, str(folder))
    live = _LivePreviews(model, enabled=live_previews)
    for index, params in enumerate(batches):
        state = None
        for state in sample(model, params, words):
            yield Sampled(state.step, state.total, live.draw(state))
            if control.stopping:
                yield Finished(state.step, "stopped", str(folder) if index else "")
                return
        assert state is not None
        paths = _write(model, params, words, state.latents, folder)
        for done, path in enumerate(paths, start=index * settings.num_images + 1):
            yield Progressed(done, len(batches) * settings.num_images, str(path))
    yield Finished(settings.steps, "finished", str(folder))


def make_batches(settings: GenerateSettings, model: BaseModel) -> list[SamplingParams]:
    """Resolve the defaults in the settings: size 0 is the model's, seed -1 a random one.

    As in A1111, each picture has the next seed; where they vary one, each has the next variation
    seed instead.
    """
    seed, other = (
        given if given >= 0 else secrets.randbelow(2**32)
        for given in (settings.seed, settings.variation_seed)
    )
    varies = settings.variation_strength > 0
    size = settings.num_images
    return [
        SamplingParams(
            prompt=settings.prompt,
            negative_prompt=settings.negative_prompt,
            sampler=settings.sampler,
            steps=settings.steps,
            cfg_scale=settings.cfg_scale,
            width=settings.width or model.info.size,
            height=settings.height or model.info.size,
            seeds=_seeds(seed, first, size) if not varies else (seed,) * size,
            emphasis=settings.emphasis,
            clip_skip=settings.clip_skip,
            cfg_rescale=settings.cfg_rescale,
            eta=settings.eta,
            variation_seeds=_seeds(other, first, size) if varies else (),
            variation_strength=settings.variation_strength,
        )
        for first in range(0, settings.batch_count * size, size)
    ]


def _seeds(seed: int, first: int, count: int) -> tuple[int, ...]:
    return tuple((seed + index) % 2**32 for index in range(first, first + count))


def _warn_of_no_effect(settings: GenerateSettings, model: BaseModel) -> Iterator[Warned]:
    if settings.eta > 0 and settings.sampler != "DDIM":
        yield Warned("eta has no effect here; it only counts with the DDIM sampler.")
    if settings.cfg_rescale > 0 and settings.cfg_scale <= 1:
        yield Warned("cfg_rescale has no effect here; it only counts with a CFG scale above 1.")
    if settings.variation_seed >= 0 and settings.variation_strength == 0:
        yield Warned("variation_seed has no effect here; set a variation strength above 0.")
    if settings.clip_skip > 1 and not model.info.family.has_clip_skip:
        yield Warned(
            f"clip_skip has no effect here; {model.info.family.title} reads its own layer."
        )


def load_named_embeddings(
    params: SamplingParams, library: Library, model: BaseModel
) -> tuple[LearnedTokens, list[Warned]]:
    """Load the embeddings named in the prompts; also return warnings for unusable ones."""
    usable = {entry.word: entry for entry in library.list() if entry.problem is None}
    prompts = f"{params.prompt}\n{params.negative_prompt}"
    names = [piece.name for piece in split_names(prompts, usable) if piece.name is not None]
    words: dict[str, tuple[torch.Tensor, ...]] = {}
    warnings = warn_of_unknown(prompts, usable, library)
    for word in dict.fromkeys(names):
        entry = usable[word]
        if entry.widths == model.info.widths:
            words[word] = library.load(entry.name).vectors
        else:
            reason = dimension_mismatch(entry.name, entry.widths, model.info.widths)
            warnings.append(Warned(f"{reason} Its name is read as plain text."))
    return words, warnings


def warn_of_unknown(prompts: str, words: Iterable[str], library: Library) -> list[Warned]:
    """Return a warning for each <name> in the prompts that is none of `words`."""
    return [Warned(_unknown(name, library)) for name in unknown_names(prompts, words)]


def _unknown(name: str, library: Library) -> str:
    entry = library.find(name)
    if entry and entry.problem:
        return f"<{name}> is read as plain text because its file cannot be used: {entry.problem}"
    close_names = nearest(name, (entry.name for entry in library.list() if entry.problem is None))
    advice = (
        f"did you mean {' or '.join(f'<{close_name}>' for close_name in close_names)}?"
        if close_names
        else ""
    )
    return (
        f"There is no embedding called <{name}> in {library.folder}, so it is read as plain text; "
        + (advice or "check the name or put its file there.")
    )


def save_picture(path: Path, picture: Image.Image, text: str) -> None:
    """Write a PNG atomically, with its infotext in the `parameters` chunk."""
    info = PngInfo()
    info.add_text(INFOTEXT_KEY, text)
    with whole_file(path) as temporary:
        picture.save(temporary, format="PNG", pnginfo=info)


def describe_params(
    model: BaseModel, params: SamplingParams, index: int, words: LearnedTokens
) -> str:
    """Return the infotext of the picture at `index` among those of the parameters."""
    hashes = {strip_brackets(name): vectors_hash(vectors) for name, vectors in words.items()}
    return infotext(params, index, model=model.info.name, model_hash=model.hash, words=hashes)


def _write(
    model: BaseModel,
    params: SamplingParams,
    words: LearnedTokens,
    latents: torch.Tensor,
    folder: Path,
) -> Iterator[Path]:
    number = _next_number(folder)
    for index in range(len(params.seeds)):
        (picture,) = model.decode(latents[index : index + 1])
        path = folder / f"{number + index:05d}-{params.seeds[index]}.png"
        save_picture(path, picture, describe_params(model, params, index, words))
        yield path


def _next_number(folder: Path) -> int:
    numbers = [path.name.partition("-")[0] for path in folder.glob("*-*.png")]
    return max((int(number) for number in numbers if number.isdigit()), default=-1) + 1


class _LivePreviews:
    """Decodes the first picture now and then during sampling, as a small JPEG data: URL."""

    def __init__(self, model: BaseModel, *, enabled: bool) -> None:
        self.model = model
        self.enabled = enabled
        self.due_at = 0.0

    def draw(self, state: SamplingState) -> str:
        began = time.perf_counter()
        if not self.enabled or began < self.due_at or state.step == state.total:
            return ""
        (picture,) = self.model.decode(state.latents[:1])
        picture.thumbnail((_PREVIEW_PX, _PREVIEW_PX))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
        self.due_at = time.perf_counter() + (time.perf_counter() - began) / _PREVIEW_SHARE
        return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
