"""On what, and in which number format, the frozen weights compute; vectors are always fp32."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["auto", "fp32", "fp16", "bf16"]
_DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


def best_device() -> torch.device:
    """Choose CUDA, Apple's MPS or the CPU, whichever is there first."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def dtype_for(precision: Precision, device: torch.device) -> torch.dtype:
    """Give the format asked for; "auto" is bf16 where a GPU computes in it, fp16 on older ones."""
    if precision != "auto":
        return _DTYPES[precision]
    if device.type != "cuda":
        return torch.float32
    fast = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if fast else torch.float16


def describe_compute(dtype: torch.dtype, device: torch.device) -> str:
    """Word what computes, such as "fp32 on the CPU"."""
    if device.type == "cuda":
        return f"{_NAMES[dtype]} on {torch.cuda.get_device_name(device)}"
    return f"{_NAMES[dtype]} on {'Apple MPS' if device.type == 'mps' else 'the CPU'}"
