"""Trade time for memory during a training: gradient checkpointing, attention, VAE offload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Literal

from textual_inversion.errors import ModelError
from textual_inversion.models.base import BaseModel

Attention = Literal["sdpa", "xformers", "sliced"]


def check_attention(attention: Attention) -> None:
    """Raise ModelError when an attention implementation is not installed."""
    if attention == "xformers" and find_spec("xformers") is None:
        raise ModelError(
            "xformers is not installed; install it with pip install xformers, or use --attention "
            "sdpa, which is as fast with a current PyTorch."
        )


@contextmanager
def memory_savings(
    model: BaseModel,
    *,
    checkpointing: bool = False,
    attention: Attention = "sdpa",
    vae_offloaded: bool = False,
) -> Iterator[None]:
    """Apply memory savings within the block, and restore the model afterwards.

    `checkpointing` recomputes the UNet's activations in the backward pass, `attention` chooses its
    implementation, `vae_offloaded` keeps the VAE in CPU memory. None changes what is learned,
    except by rounding.
    """
    processors = model.unet.attn_processors
    # Another job may share the model: what it has enabled is not disabled here.
    checkpointing = checkpointing and not model.unet.is_gradient_checkpointing
    vae_offloaded = vae_offloaded and not model.vae_offloaded
    if checkpointing:
        model.unet.enable_gradient_checkpointing()
    _set_attention(model, attention)
    if vae_offloaded:
        model.offload_vae(enabled=True)
    try:
        yield
    finally:
        if vae_offloaded:
            model.offload_vae(enabled=False)
        if checkpointing:
            model.unet.disable_gradient_checkpointing()
        if attention != "sdpa":
            model.unet.set_attn_processor(processors)


def _set_attention(model: BaseModel, attention: Attention) -> None:
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
