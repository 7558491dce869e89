"""What this machine can do: each finding is tried here and now, nothing is downloaded."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from typing import Any

import torch

from preprocessing.captioners.availability import list_captioners
from textual_inversion.devices.gradient_check import gradient_error, largest_rounding
from textual_inversion.devices.precision import best_device, describe_compute, dtype_for
from textual_inversion.errors import ModelError
from textual_inversion.models.hub import client
from textual_inversion.storage.paths import find_folder

_PACKAGES = (
    *("textual-inversion-webui", "torch", "diffusers", "transformers", "accelerate", "gradio"),
    *("huggingface_hub", "safetensors", "Pillow", "numpy"),
)
_OPTIONAL = {
    "tensorboard": "--report-to tensorboard",
    "wandb": "--report-to wandb",
    "xformers": "--attention xformers",
    "bitsandbytes": "--optimizer adamw-8bit",
    "lion_pytorch": "--optimizer lion",
    "prodigyopt": "--optimizer prodigy",
    "cv2": "face detection of --focal-crop",
}
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_DECODERS = {"AVIF": "AVIF", "WebP": "WEBP", "JPEG XL": "JXL", "HEIC": "HEIF"}


@dataclass(frozen=True)
class Finding:
    """One line: what it is about, its name, how it is; a fault makes trainings wrong."""

    about: str
    name: str
    state: str
    is_fault: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def diagnose(*, compiles: bool = False) -> Iterator[Finding]:
    """Yield all findings; `compiles` tries the compiler, too."""
    parts = (_versions(), _devices(), _precisions(), _formats(), _captioners(), _options(), _hub())
    yield from chain(*parts)
    if compiles:
        yield _compiled(best_device())


def _versions() -> Iterator[Finding]:
    system = f"{platform.system()} {platform.release()} on {platform.machine()}"
    yield Finding("version", "Python", f"{platform.python_version()}, {system}")
    for package in _PACKAGES:
        yield Finding("version", package, _version(package) or "missing")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _devices() -> Iterator[Finding]:
    yield Finding(
        "device", "CPU", f"{os.cpu_count()} cores, {torch.get_num_threads()} threads used"
    )
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        gigabytes = properties.total_memory / 2**30
        yield Finding("device", f"CUDA {number}", f"{properties.name}, {gigabytes:.0f} GB")
    if torch.backends.mps.is_available():
        yield Finding("device", "MPS", "Apple GPU")
    device = best_device()
    automatic = dtype_for("auto", device, size=512)
    yield Finding("device", "used", describe_compute(automatic, device))
    folder = find_folder("models")
    free = shutil.disk_usage(folder if folder.is_dir() else ".").free / 2**30
    yield Finding("device", "disk", f"{free:.0f} GB free at {folder.absolute()}")


def _precisions() -> Iterator[Finding]:
    device = best_device()
    for name, dtype in _DTYPES.items():
        yield _gradients("precision", name, device, dtype)


def _gradients(
    about: str, name: str, device: torch.device, dtype: torch.dtype, **options: Callable[..., Any]
) -> Finding:
    try:
        error = gradient_error(device, dtype, **options)
    except (RuntimeError, NotImplementedError, OSError, ImportError) as problem:
        reason = " ".join(str(problem).split())[:120]
        return Finding(about, name, f"not possible on {device.type}: {reason}")
    is_right = error <= largest_rounding(dtype)
    verdict = "gradients as on the CPU in fp32" if is_right else "WRONG gradients"
    return Finding(about, name, f"{verdict}, relative error {error:.1e}", is_fault=not is_right)


def _compiled(device: torch.device) -> Finding:
    return _gradients("compiler", "inductor", device, torch.float32, wrap=torch.compile)


def _formats() -> Iterator[Finding]:
    from PIL import Image

    Image.init()
    for name, decoder in _DECODERS.items():
        is_read = decoder in Image.OPEN
        yield Finding("picture", name, "read" if is_read else "not read; save them as PNG")


def _captioners() -> Iterator[Finding]:
    for name, state in list_captioners():
        yield Finding("captioner", name, state)


def _options() -> Iterator[Finding]:
    for module, flag in _OPTIONAL.items():
        is_there = importlib.util.find_spec(module) is not None
        yield Finding("option", flag, "ready" if is_there else f"needs the package {module}")


def _hub() -> Iterator[Finding]:
    try:
        hub = client()
        token = "a token is set" if hub.get_token() else 'no token; "hf auth login" sets one'
        yield Finding("hub", hub.constants.ENDPOINT, f"{token}; cache {hub.constants.HF_HUB_CACHE}")
    except ModelError as error:
        yield Finding("hub", "environment", str(error))
