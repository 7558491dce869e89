"""Open a base model from a diffusers folder, frozen, on the best device at hand."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from textual_inversion.errors import ModelError
from textual_inversion.models.base import BaseModel
from textual_inversion.models.find import ModelInfo, describe_model
from textual_inversion.models.text import TextEncoder, TextStack

_lock = threading.Lock()
_open: dict[tuple[str, float], BaseModel] = {}


def open_model(name: str) -> BaseModel:
    """Open a model, or give the one that is open already; only the newest is kept."""
    info = describe_model(name)
    index = info.folder / "model_index.json"
    key = (str(info.folder), index.stat().st_mtime)
    with _lock:
        if key not in _open:
            _open.clear()
            _open[key] = load_model(info)
        return _open[key]


def load_model(
    info: ModelInfo, *, device: torch.device | None = None, dtype: torch.dtype | None = None
) -> BaseModel:
    """Load the parts of a model and freeze them.

    Raises:
        ModelError: A part is missing, damaged, or stored as a pickle.
    """
    device = device or best_device()
    dtype = dtype or best_dtype(device)
    try:
        parts = _read_parts(info, dtype)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise ModelError(
            f'The base model "{info.name}" in {info.folder} cannot be opened: {reason}.'
        ) from None
    return _assemble(info, parts, device)


def _read_parts(info: ModelInfo, dtype: torch.dtype) -> dict[str, Any]:
    """Read tokenizers, text encoders, UNet, autoencoder and schedule; never a pickle."""
    import diffusers
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    _quieten()
    kinds: dict[str, Any] = {
        "text_encoder": CLIPTextModel,
        "unet": diffusers.UNet2DConditionModel,
        "vae": diffusers.AutoencoderKL,
    }
    if info.family == "sdxl":
        kinds["text_encoder_2"] = CLIPTextModelWithProjection
    parts: dict[str, Any] = {
        name: kind.from_pretrained(
            str(info.folder / name),
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            variant=_variant(info.folder / name),
        )
        for name, kind in kinds.items()
    }
    for name in ("tokenizer", "tokenizer_2")[: len(info.widths)]:
        parts[name] = CLIPTokenizer.from_pretrained(str(info.folder / name))
    config = json.loads((info.folder / "scheduler" / "scheduler_config.json").read_text())
    parts["scheduler"] = diffusers.DDIMScheduler.from_config(config)
    return parts


def _variant(folder: Path) -> str | None:
    """Take the half-precision files where a part has no others."""
    names = [path.name for path in folder.glob("*.safetensors")]
    return "fp16" if names and all(".fp16." in name for name in names) else None


def _quieten() -> None:
    """Keep the libraries' progress bars out of ours."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()


def best_device() -> torch.device:
    """Choose CUDA, Apple's MPS or the CPU, whichever is there first."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def best_dtype(device: torch.device) -> torch.dtype:
    """Choose bfloat16 where the GPU computes in it, else float32."""
    fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def _assemble(info: ModelInfo, parts: dict[str, Any], device: torch.device) -> BaseModel:
    names = ("", "_2")[: len(info.widths)]
    models = [parts[f"text_encoder{name}"] for name in names]
    for module in (parts["unet"], parts["vae"], *models):
        module.requires_grad_(requires_grad=False).eval().to(device)
    parts["unet"].to(memory_format=torch.channels_last)
    encoders = [
        TextEncoder(parts[f"tokenizer{name}"], model, penultimate=info.family == "sdxl")
        for name, model in zip(names, models, strict=True)
    ]
    return BaseModel(
        info,
        TextStack(encoders),
        unet=parts["unet"],
        vae=parts["vae"],
        scheduler=parts["scheduler"],
    )
