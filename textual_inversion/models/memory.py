"""Trade time for memory while a training runs, and put the model back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from textual_inversion.models.base import BaseModel


@contextmanager
def saving_memory(model: BaseModel, *, checkpointing: bool, sliced: bool) -> Iterator[None]:
    """Let the UNet compute activations twice instead of keeping them, and attention in slices.

    Neither changes what is learned, but for rounding.
    """
    processors = model.unet.attn_processors
    if checkpointing:
        model.unet.enable_gradient_checkpointing()
    if sliced:
        model.unet.set_attention_slice("auto")
    try:
        yield
    finally:
        if checkpointing:
            model.unet.disable_gradient_checkpointing()
        if sliced:
            model.unet.set_attn_processor(processors)
