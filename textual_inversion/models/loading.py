"""Open a base model from a folder or a single file, frozen, on the best device at hand."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import torch
from safetensors import SafetensorError

from textual_inversion.devices.precision import Precision, best_device, dtype_for
from textual_inversion.errors import ModelError
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import ModelInfo, fetch_model
from textual_inversion.models.config import read_config
from textual_inversion.models.families.base import text_encoder_names, tokenizer_names
from textual_inversion.models.hub import client
from textual_inversion.models.noise_schedule import PredictionChoice, ZeroSnrChoice, open_schedule
from textual_inversion.models.single_file import load_single_file
from textual_inversion.models.single_file_layout import read_checkpoint_layout
from textual_inversion.models.text_encoders import TextEncoder, TextStack
from textual_inversion.models.tokenizers import open_tokenizers


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded: precision, and overrides of its scheduler configuration."""

    precision: Precision = "auto"
    prediction: PredictionChoice = "model"
    zero_terminal_snr: ZeroSnrChoice = "model"
    channels_last: bool = True


_DEFAULTS = LoadOptions()
# What diffusers, transformers and safetensors raise for damaged or unsuitable files.
LOADING_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)
_lock = threading.Lock()
_open: dict[tuple[str, float, LoadOptions], BaseModel] = {}


def open_model(model: str | ModelInfo, options: LoadOptions = _DEFAULTS) -> BaseModel:
    """Load a model, or return the loaded one; only the latest stays in memory.

    A name is resolved, and the model downloaded if necessary; a ModelInfo is used as it is.
    """
    info = fetch_model(model) if isinstance(model, str) else model
    key = (str(info.folder), info.changed_at, options)
    with _lock:
        if key not in _open:
            _open.clear()
            _open[key] = load_model(info, options)
        return _open[key]


def load_model(
    info: ModelInfo,
    options: LoadOptions = _DEFAULTS,
    *,
    device: torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> BaseModel:
    """Load the parts of a model and freeze them; `dtype` overrides the options' precision.

    Raises:
        ModelError: A part is missing, damaged, or stored as a pickle.
    """
    client()  # what is wrong with its environment is no fault of the model
    device = device or best_device()
    dtype = dtype or dtype_for(options.precision, device, size=info.size)
    try:
        _silence_libraries()
        parts = load_single_file(info, dtype) if info.is_single_file else _read_folder(info, dtype)
        if dtype == torch.float16 and parts["vae"].config.force_upcast:
            parts["vae"].float()  # its activations overflow in fp16
        parts["scheduler"] = open_schedule(
            _scheduler_config(info),
            prediction=options.prediction,
            zero_terminal_snr=options.zero_terminal_snr,
        )
    except LOADING_ERRORS as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise ModelError(
            f'The base model "{info.name}" in {info.folder} cannot be opened: {reason}.'
        ) from None
    return _assemble(info, parts, device, channels_last=options.channels_last)


def _read_folder(info: ModelInfo, dtype: torch.dtype) -> dict[str, Any]:
    """Load tokenizers, text encoders, UNet and VAE from a diffusers folder; never a pickle."""
    for name in info.family.classes:
        read_config(info.folder / name / "config.json")  # raises before anything is built from it
    parts: dict[str, Any] = {
        name: resolve_name(path).from_pretrained(
            str(info.folder / name),
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            variant=_variant(info.folder / name),
        )
        for name, path in info.family.classes.items()
    }
    return parts | dict(zip(tokenizer_names(info.family), open_tokenizers(info), strict=True))


def _scheduler_config(info: ModelInfo) -> dict[str, Any]:
    if info.is_single_file:
        return read_checkpoint_layout(info.folder).schedule
    return read_config(info.folder / "scheduler" / "scheduler_config.json")


def _variant(folder: Path) -> str | None:
    """Return diffusers' variant "fp16" where a part has no other files."""
    names = [path.name for path in folder.glob("*.safetensors")]
    return "fp16" if names and all(".fp16." in name for name in names) else None


def _silence_libraries() -> None:
    """Turn off the libraries' progress bars and warnings; errors are raised anyway."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()


def _assemble(
    info: ModelInfo, parts: dict[str, Any], device: torch.device, *, channels_last: bool
) -> BaseModel:
    models = [parts[name] for name in text_encoder_names(info.family)]
    for module in (parts["unet"], parts["vae"], *models):
        module.requires_grad_(requires_grad=False).eval().to(device)
    for name in info.family.classes:
        _check_finite(parts[name], name, info)
    if channels_last:
        parts["unet"].to(memory_format=torch.channels_last)
    encoders = [
        TextEncoder(parts[name], model, info.family)
        for name, model in zip(tokenizer_names(info.family), models, strict=True)
    ]
    return BaseModel(
        info,
        TextStack(encoders),
        unet=parts["unet"],
        vae=parts["vae"],
        scheduler=parts["scheduler"],
    )


@torch.no_grad()
def _check_finite(module: torch.nn.Module, name: str, info: ModelInfo) -> None:
    """Refuse weights with NaN or infinite numbers, which only draw black pictures.

    The least or the greatest weight is one of them if any is, and finding them is quick in every
    precision, unlike a sum or isfinite(); there is one CPU-GPU sync point for the whole module.

    Raises:
        ModelError: There are some.
    """
    named = [(key, weight) for key, weight in module.named_parameters() if weight.numel()]
    ends = torch.stack(
        [torch.stack(torch.aminmax(weight)).float() for _, weight in named]
    )  # (n, 2)
    finite = ends.isfinite().all(dim=-1).tolist()
    broken = [key for (key, _), good in zip(named, finite, strict=True) if not good]
    if broken:
        raise ModelError(
            f'The base model "{info.name}" in {info.folder} is broken: {len(broken)} of its '
            f"{name}'s {len(named)} tensors hold NaN or infinite numbers, the first {broken[0]}; "
            "copy the model again."
        )
