"""When the memory does not suffice: one sentence that says what to change, cheapest first."""

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
    """Tell whether the memory of a GPU or of the machine ran out."""
    said = str(error).lower()
    # The CPU's allocator and Apple's have no exception class of their own.
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "can't allocate memory" in said
        or "out of memory" in said
    )


def advice(settings: TrainSettings, device: torch.device) -> str:
    """Say what is left to change, in the order of what it costs."""
    on_gpu = device.type != "cpu"
    left = [
        ("--vae-offload", on_gpu and not settings.vae_offload),
        ("--precision fp16", on_gpu and settings.precision == "fp32"),
        ("--pictures-at-once 1", settings.batch_size > 1 and settings.pictures_at_once != 1),
        ("--gradient-checkpointing", not settings.gradient_checkpointing),
        ("--attention sliced", device.type == "mps" and settings.attention != "sliced"),
        ("a smaller width and height", True),
    ]
    steps = ", then ".join(what for what, helps in left if helps)
    return (
        f"The memory ran out; to need less, try, the cheapest first: {steps} (--preset low-vram "
        "sets most of these); what was learned so far is kept."
    )
