"""Trade time for memory while a training runs, and put the model back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Literal

from textual_inversion.errors import ModelError
from textual_inversion.models.base import BaseModel

Attention = Literal["sdpa", "xformers", "sliced"]


def check_attention(attention: Attention) -> None:
    """Raise ModelError when a way of attention is not to be had."""
    if attention == "xformers" and find_spec("xformers") is None:
        raise ModelError(
            "xformers is not installed; install it with pip install xformers, or use --attention "
            "sdpa, which is as fast with a current PyTorch."
        )


@contextmanager
def saving_memory(
    model: BaseModel,
    *,
    checkpointing: bool = False,
    attention: Attention = "sdpa",
    offload_vae: bool = False,
) -> Iterator[None]:
    """Let the UNet compute activations twice instead of keeping them, and attention as chosen.

    With `offload_vae` the autoencoder waits in main memory. None of these changes what is learned,
    but for rounding.
    """
    processors = model.unet.attn_processors
    # Another job may share the model: what it switched on is not switched off here.
    checkpointing = checkpointing and not model.unet.is_gradient_checkpointing
    offload_vae = offload_vae and not model.vae_offloaded
    if checkpointing:
        model.unet.enable_gradient_checkpointing()
    _attend(model, attention)
    if offload_vae:
        model.offload_vae(offloaded=True)
    try:
        yield
    finally:
        if offload_vae:
            model.offload_vae(offloaded=False)
        if checkpointing:
            model.unet.disable_gradient_checkpointing()
        if attention != "sdpa":
            model.unet.set_attn_processor(processors)


def _attend(model: BaseModel, attention: Attention) -> None:
    if attention == "sliced":
        model.unet.set_attention_slice("auto")
    if attention == "xformers":
        check_attention(attention)
        try:
            model.unet.enable_xformers_memory_efficient_attention()
        except (ImportError, NotImplementedError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise ModelError(
                f"xformers cannot be used here ({reason}); use --attention sdpa."
            ) from None
