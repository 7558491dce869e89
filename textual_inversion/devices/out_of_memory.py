"""Out-of-memory errors as one sentence that says what to change, the cheapest first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from textual_inversion.errors import TrainingError
from textual_inversion.settings import TrainSettings


@contextmanager
def explain_out_of_memory(settings: TrainSettings, device: torch.device) -> Iterator[None]:
    """Turn running out of memory within the block into a TrainingError with advice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(advice(settings, device)) from None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that the GPU or the machine ran out of memory."""
    message = str(error).lower()
    # The CPU's allocator and Apple's have no exception class of their own.
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in message
        or "out of memory" in message
    )


def advice(settings: TrainSettings, device: torch.device) -> str:
    """List the settings that would still save memory, in the order of their cost."""
    on_gpu = device.type != "cpu"
    options = [
        ("--vae-offload", on_gpu and not settings.vae_offload),
        ("--precision fp16", on_gpu and settings.precision == "fp32"),
        ("--pictures-at-once 1", settings.batch_size > 1 and settings.pictures_at_once != 1),
        ("--gradient-checkpointing", not settings.gradient_checkpointing),
        ("--attention sliced", device.type == "mps" and settings.attention != "sliced"),
        ("a smaller width and height", True),
    ]
    steps = ", then ".join(option for option, helps in options if helps)
    return (
        f"Out of memory; to use less, try in this order: {steps} (--preset low-vram sets most of "
        "these); the vectors learned so far are kept."
    )
