"""Load a base model from a folder or a single file, frozen, on the best device at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import torch
from safetensors import SafetensorError

from textual_inversion.devices.precision import Precision, best_device, dtype_for
from textual_inversion.errors import ModelError
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.checks.config import check_folder, read_config
from textual_inversion.models.checks.parts import (
    check_complete,
    check_finite,
    check_fit,
    check_vae_scale,
)
from textual_inversion.models.families.base import text_encoder_names, tokenizer_names
from textual_inversion.models.hub import client
from textual_inversion.models.listing.tokenizers import fetch_tokenizer
from textual_inversion.models.noise_schedule import (
    PredictionChoice,
    ZeroSnrChoice,
    ask_prediction,
    open_schedule,
)
from textual_inversion.models.single_file.layout import read_checkpoint_layout
from textual_inversion.models.single_file.loading import load_single_file
from textual_inversion.models.text_encoders import TextEncoder, TextStack
from textual_inversion.models.tokenizers import open_tokenizers, replace_tokenizers
from textual_inversion.models.vae import load_vae


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded: precision, and overrides of its scheduler configuration."""

    precision: Precision = "auto"
    prediction: PredictionChoice = "model"
    zero_terminal_snr: ZeroSnrChoice = "model"
    channels_last: bool = True
    vae: str = ""
    """A separate VAE; empty is the model's own."""
    tokenizer: str = ""
    """A separate tokenizer; empty is the model's own."""


_DEFAULTS = LoadOptions()
# What diffusers, transformers and safetensors raise for damaged or unsuitable files.
LOADING_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)


class Weights:
    """What is large of an open model: text encoders, UNet and VAE, frozen, on their device.

    Models with other options than their precision share it.
    """

    def __init__(
        self, info: ModelInfo, parts: dict[str, Any], text: TextStack, schedule: dict[str, Any]
    ) -> None:
        self.info = info
        self.text = text
        self.unet = parts["unet"]
        self._own_vae = parts["vae"]
        self._schedule = schedule
        self._vae = ("", self._own_vae)

    def make_model(self, options: LoadOptions) -> BaseModel:
        """Make the model of these options; of separate VAEs only the latest stays in memory.

        Raises:
            ModelError: The options do not fit the model, or the VAE or the tokenizer cannot be
                opened.
        """
        with _explained(self.info):
            scheduler = open_schedule(
                self._schedule,
                prediction=options.prediction,
                zero_terminal_snr=options.zero_terminal_snr,
            )
            vae = self._open_vae(options.vae)
            text = self._open_text(options.tokenizer)
        return BaseModel(self.info, text, unet=self.unet, vae=vae, scheduler=scheduler)

    def _open_text(self, separate: str) -> TextStack:
        if not separate:
            return self.text
        own = [encoder.tokenizer for encoder in self.text.encoders]
        num_words = [len(encoder.embedding.weight) for encoder in self.text.encoders]
        found = replace_tokenizers(own, fetch_tokenizer(separate), self.info, num_words)
        return self.text.with_tokenizers(found)

    def _open_vae(self, name: str) -> Any:
        if not name:
            return self._own_vae
        if self._vae[0] != name:
            dtype = next(self.unet.parameters()).dtype
            vae = load_vae(name, self.info, self._own_vae, dtype)
            _freeze(vae, self.unet.device)
            check_vae_scale(vae.config, self.info)
            check_finite(vae, f"VAE ({name})", self.info)
            self._vae = name, _raised(vae, dtype)
        return self._vae[1]


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
    device = device or best_device()
    dtype = dtype or dtype_for(options.precision, device, size=info.size)
    weights = load_weights(info, device, dtype, channels_last=options.channels_last)
    return weights.make_model(options)


def load_weights(
    info: ModelInfo, device: torch.device, dtype: torch.dtype, *, channels_last: bool
) -> Weights:
    """Load the parts of a model and freeze them.

    Raises:
        ModelError: A part is missing, damaged, or stored as a pickle.
    """
    client()  # what is wrong with its environment is no fault of the model
    with _explained(info):
        _silence_libraries()
        memory_format = torch.channels_last if channels_last else torch.preserve_format
        if info.is_single_file:
            # A GPU changes the format faster than the CPU, and after the transfer.
            ours = memory_format if device.type == "cpu" else torch.preserve_format
            parts = load_single_file(info, dtype, unet_format=ours)
        else:
            parts = _read_folder(info, dtype)
        parts["vae"] = _raised(parts["vae"], dtype)
        check_fit(parts, info)
        for name in info.family.classes:
            _freeze(parts[name], device)
            check_finite(parts[name], name, info)
        parts["unet"].to(memory_format=memory_format)
        schedule = _scheduler_config(info, parts["unet"])
    text = TextStack(
        [
            TextEncoder(parts[tokenizer], parts[name], info.family)
            for tokenizer, name in zip(
                tokenizer_names(info.family), text_encoder_names(info.family), strict=True
            )
        ]
    )
    return Weights(info, parts, text, schedule)


@contextmanager
def _explained(info: ModelInfo) -> Iterator[None]:
    """Turn what the libraries raise into a ModelError."""
    try:
        yield
    except (*LOADING_ERRORS, client().errors.StrictDataclassError) as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        if isinstance(error, LookupError):
            reason = f"{type(error).__name__} {reason}"
        raise ModelError(
            f'The base model "{info.name}" in {info.folder} cannot be opened: {reason}.'
        ) from None


def _raised(vae: Any, dtype: torch.dtype) -> Any:
    """Bring to fp32 a VAE whose activations overflow in fp16."""
    return vae.float() if dtype == torch.float16 and vae.config.force_upcast else vae


def _freeze(module: Any, device: torch.device) -> None:
    module.requires_grad_(requires_grad=False).eval().to(device)


def _read_folder(info: ModelInfo, dtype: torch.dtype) -> dict[str, Any]:
    """Load tokenizers, text encoders, UNet and VAE from a diffusers folder; never a pickle."""
    names = info.family.classes
    for name in names:
        read_config(info.folder / name / "config.json")  # raises before anything is built from it
    variants = {name: check_folder(info.folder / name) for name in names}
    parts = {
        name: _read_part(resolve_name(path), info.folder / name, variants[name], dtype)
        for name, path in names.items()
    }
    return parts | dict(zip(tokenizer_names(info.family), open_tokenizers(info), strict=True))


def _read_part(kind: Any, folder: Path, variant: str | None, dtype: torch.dtype) -> Any:
    module, loaded = kind.from_pretrained(
        str(folder),
        dtype=dtype,
        local_files_only=True,
        use_safetensors=True,
        variant=variant,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are refused in the next line
    )
    check_complete(loaded, folder.name)
    return module


def _scheduler_config(info: ModelInfo, unet: Any) -> dict[str, Any]:
    if not info.is_single_file:
        return read_config(info.folder / "scheduler" / "scheduler_config.json")
    layout = read_checkpoint_layout(info.folder)
    if layout.prediction:
        return layout.schedule
    return {**layout.schedule, "prediction_type": ask_prediction(unet)}


def _silence_libraries() -> None:
    """Turn off the libraries' progress bars and warnings; errors are raised anyway."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
