"""From the settings to a run's batches: the folder read, every picture encoded once."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import torch

from textual_inversion.data.batches import Batches
from textual_inversion.data.captions import FileNameWords
from textual_inversion.data.folder import Item, read_folder
from textual_inversion.data.latent_cache import ENCODE_AT_ONCE, LatentCache
from textual_inversion.data.latent_store import FOLDER, LatentStore
from textual_inversion.data.masks import loss_weights
from textual_inversion.data.resizing import Fit
from textual_inversion.events import Event, Loading, Warned
from textual_inversion.models.base import BaseModel
from textual_inversion.randomness import draw
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder

_ENOUGH_TO_HOLD_OUT = 10


def read_batches(
    settings: TrainSettings,
    model: BaseModel,
    control: Control,
    *,
    size: tuple[int, int],
    name: str,
    lines: tuple[str, ...],
) -> Generator[Event, None, Batches | None]:
    """Read the pictures and let the autoencoder see each once; None when asked to stop."""
    yield Loading(f"pictures of {settings.dataset_dir}")
    folder = _dataset(settings.dataset_dir)
    items = yield from _read_items(
        settings, folder, Fit(*size, settings.picture_sizes, settings.crop)
    )
    store = LatentStore(folder / FOLDER, model) if settings.latent_cache == "disk" else None
    latents = LatentCache(
        model,
        settings.latent_sampling,
        seed=settings.seed,
        flips=settings.flip > 0,
        store=store,
        at_once=min(settings.pictures_at_once or ENCODE_AT_ONCE, ENCODE_AT_ONCE),
    )
    for done in latents.fill([item.picture for item in items], [item.size for item in items]):
        yield Loading(f"latents ({done} of {len(items)})")
        if control.stopping:
            return None
    if store and store.problem:
        yield Warned(store.problem)
    return Batches(
        settings,
        name=name,
        lines=lines,
        captions=tuple(item.caption for item in items),
        latents=latents,
        num_timesteps=model.num_timesteps,
        held_out=_held_out(settings, len(items)),
        weights=_weights(items, model.info.scale) if settings.alpha_as_loss_weight else (),
        repeats=tuple(item.repeats for item in items),
    )


def _read_items(
    settings: TrainSettings, folder: Path, fit: Fit
) -> Generator[Event, None, list[Item]]:
    items: list[Item] = []
    words = FileNameWords(settings.filename_word_regex, settings.filename_join_string)
    for found in read_folder(folder, fit, masks=settings.alpha_as_loss_weight, words=words):
        if isinstance(found, Warned):
            yield found
        else:
            items.append(found)
    return items


def _held_out(settings: TrainSettings, num_items: int) -> int | None:
    if not settings.hold_out_picture or num_items < _ENOUGH_TO_HOLD_OUT:
        return None
    return draw(settings.seed, "held out").randrange(num_items)


def _weights(items: list[Item], scale: int) -> list[torch.Tensor]:
    return [
        loss_weights(item.mask, item.picture.width // scale, item.picture.height // scale)
        for item in items
    ]


def _dataset(name: str) -> Path:
    """Find a data set here, or among the samples that ship with the project."""
    return Path(name) if Path(name).exists() else find_folder(name)
