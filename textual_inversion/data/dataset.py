"""From the settings to a run's batches: read the folder and encode every picture once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import torch

from textual_inversion.data.batches import Batches
from textual_inversion.data.captions import FileNameWords
from textual_inversion.data.folder import Item, read_folder
from textual_inversion.data.latent_cache import ENCODE_BATCH_SIZE, LatentCache
from textual_inversion.data.latent_store import FOLDER, LatentStore
from textual_inversion.data.masks import loss_weights
from textual_inversion.data.resizing import Fit
from textual_inversion.events import Event, Loading, Warned
from textual_inversion.models.base import BaseModel
from textual_inversion.randomness import python_random
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder

_MIN_PICTURES_TO_HOLD_OUT = 10


def read_batches(
    settings: TrainSettings,
    model: BaseModel,
    control: Control,
    *,
    size: tuple[int, int],
    name: str,
    lines: tuple[str, ...],
) -> Generator[Event, None, Batches | None]:
    """Read the pictures and encode each with the VAE; None when asked to stop."""
    yield Loading(f"pictures of {settings.dataset_dir}")
    folder = _dataset(settings.dataset_dir)
    items: list[Item] = []
    for found in _read_folder(settings, folder, size):
        if isinstance(found, Warned):
            yield found
        else:
            items.append(found)
    store = LatentStore(folder / FOLDER, model) if settings.latent_cache == "disk" else None
    latents = LatentCache(
        model,
        settings.latent_sampling,
        seed=settings.seed,
        flips=settings.flip > 0,
        store=store,
        batch_size=min(settings.pictures_at_once or ENCODE_BATCH_SIZE, ENCODE_BATCH_SIZE),
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
        weights=_weights(items, model.info.vae_scale_factor)
        if settings.alpha_as_loss_weight
        else (),
        repeats=tuple(item.repeats for item in items),
    )


def _read_folder(
    settings: TrainSettings, folder: Path, size: tuple[int, int]
) -> Iterator[Item | Warned]:
    fit = Fit(*size, settings.picture_sizes, settings.crop, settings.resampling)
    words = FileNameWords(settings.filename_word_regex, settings.filename_join_string)
    return read_folder(folder, fit, masks=settings.alpha_as_loss_weight, words=words)


def _held_out(settings: TrainSettings, num_items: int) -> int | None:
    if not settings.hold_out_picture or num_items < _MIN_PICTURES_TO_HOLD_OUT:
        return None
    return python_random(settings.seed, "held out").randrange(num_items)


def _weights(items: list[Item], vae_scale_factor: int) -> list[torch.Tensor]:
    return [
        loss_weights(
            item.mask,
            item.picture.width // vae_scale_factor,
            item.picture.height // vae_scale_factor,
        )
        for item in items
    ]


def _dataset(name: str) -> Path:
    """Return a data set's path, or that of a sample that ships with the project."""
    return Path(name) if Path(name).exists() else find_folder(name)
