"""The one open base model, which everything in the process shares: training, previews, generation.

Its weights are loaded once. What only differs in the noise schedule, the VAE or the tokenizer
shares them, and who does not care for the precision, as generation, takes them as they are.
"""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from textual_inversion.devices.precision import best_device, dtype_for
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import ModelInfo, fetch_model
from textual_inversion.models.loading import LoadOptions, Weights, load_weights
from textual_inversion.settings.hardware import HardwareSettings


@dataclass
class _Open:
    weights: Weights
    version: tuple[str, float]
    layout: tuple[torch.dtype, bool]
    models: dict[LoadOptions, BaseModel] = field(default_factory=dict)


_lock = threading.Lock()
_opened: list[_Open] = []  # one at most


def open_model(
    model: str | ModelInfo,
    options: LoadOptions | None = None,
    *,
    vae: str = "",
    tokenizer: str = "",
) -> BaseModel:
    """Load a model, or return the loaded one; only the latest stays in memory.

    A name is resolved, and the model downloaded if necessary; a ModelInfo is used as it is. Without
    options any precision will do, and `vae` and `tokenizer` are the separate ones where there are.

    Raises:
        ModelError: It cannot be found, downloaded or opened.
    """
    info = fetch_model(model) if isinstance(model, str) else model
    version = (str(info.folder), info.changed_at)
    wanted = options or LoadOptions(vae=vae, tokenizer=tokenizer)
    layout = dtype_for(wanted.precision, best_device(), size=info.size), wanted.channels_last
    with _lock:
        if not _serves(version, None if options is None else layout):
            close_model()
            weights = load_weights(info, best_device(), layout[0], channels_last=layout[1])
            _opened.append(_Open(weights, version, layout))
        return _model_of(_opened[0], replace(wanted, precision="auto", channels_last=True))


def load_options(settings: HardwareSettings) -> LoadOptions:
    """Choose the options with which a run opens its model."""
    return LoadOptions(
        settings.precision,
        settings.prediction_type,
        settings.zero_terminal_snr,
        settings.channels_last,
        settings.vae,
        settings.tokenizer,
    )


def opened_name() -> str | None:
    """Return the path of the open model, or None."""
    return _opened[0].version[0] if _opened else None


def close_model() -> None:
    """Give the open model's memory back, as soon as no job holds it any more."""
    _opened.clear()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _serves(version: tuple[str, float], layout: tuple[Any, bool] | None) -> bool:
    return bool(_opened) and _opened[0].version == version and layout in (None, _opened[0].layout)


def _model_of(opened: _Open, options: LoadOptions) -> BaseModel:
    """Make the model of these options, whose precision is the weights' own, or find it."""
    if options not in opened.models:
        made = opened.weights.make_model(options)
        # Those of another separate VAE or tokenizer would keep it in memory.
        kept = {key: one for key, one in opened.models.items() if _may_stay(key, options)}
        opened.models = {**kept, options: made}
    return opened.models[options]


def _may_stay(key: LoadOptions, newest: LoadOptions) -> bool:
    return key.vae in {"", newest.vae} and key.tokenizer in {"", newest.tokenizer}
