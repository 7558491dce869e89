"""Device and dtype of the frozen weights; the learned vectors are always fp32."""

from __future__ import annotations

from typing import Literal

import torch

from textual_inversion.devices.determinism import prepare_cuda
from textual_inversion.devices.launcher import is_cpu_only

Precision = Literal["auto", "fp32", "fp16", "bf16"]
_DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
# Pixels: small models are as fast in fp32, and the same on every machine.
_LARGE = 512
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def best_device() -> torch.device:
    """Choose the first available of CUDA, Apple's MPS and the CPU, if accelerate allows it."""
    if is_cpu_only():
        return torch.device("cpu")
    if torch.cuda.is_available():
        prepare_cuda()
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def dtype_for(precision: Precision, device: torch.device, *, size: int) -> torch.dtype:
    """Return the dtype for a precision; `size` is the model's native size in pixels.

    "auto" is bf16 where a GPU computes in it, and fp16 on older ones. On a CPU it is fp32, but
    bf16 for a large model where there are instructions for it: half the time and memory.
    """
    if precision != "auto":
        return _DTYPES[precision]
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float16
    is_fast = device.type == "cpu" and size >= _LARGE and _cpu_computes_bf16()
    return torch.bfloat16 if is_fast else torch.float32


def _cpu_computes_bf16() -> bool:
    # Older releases of torch lack get_capabilities.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def describe_compute(dtype: torch.dtype, device: torch.device) -> str:
    """Describe dtype and device, for example "fp32 on the CPU"."""
    if device.type == "cuda":
        return f"{_NAMES[dtype]} on {torch.cuda.get_device_name(device)}"
    return f"{_NAMES[dtype]} on {'Apple MPS' if device.type == 'mps' else 'the CPU'}"
