"""The protocol of a model family: components, text conditioning, single files. Light.

B batch, T 77 tokens, D width, P width of the pooled vector, C H W latents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

Config = Mapping[str, Any]
Shapes = Mapping[str, tuple[int, ...]]

# CLIP's token for the end of a text pads it, too; OpenCLIP pads with zeros, which stand for "!".
CLIP_PAD = "<|endoftext|>"
OPEN_CLIP_PAD = "!"

SCALED_LINEAR: Config = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "prediction_type": "epsilon",
}
"""The noise schedule of Stable Diffusion, as diffusers names it."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model that the rest of the program needs."""

    size: int
    """Native width and height in pixels."""
    widths: tuple[int, ...]
    """Width of the vectors for each text encoder."""
    vae_scale_factor: int
    """Pixels of a side per latent."""


@dataclass(frozen=True)
class TextEncoderKeys:
    """A text encoder's keys in a single file, and what its tensors' shapes do not determine."""

    prefix: str
    is_open_clip: bool = False
    """Named as in OpenCLIP, not as in transformers."""
    num_unused_layers: int = 0
    """Number of last layers to skip, as the UNet was trained without them."""

    @property
    def pad_token(self) -> str:
        """The token that pads short prompts."""
        return OPEN_CLIP_PAD if self.is_open_clip else CLIP_PAD


@dataclass(frozen=True)
class SingleFile:
    """A single-file format, recognized by its text encoders' keys.

    `unet` and `vae` are added to the diffusers configurations derived from the tensors' shapes.
    """

    text_encoders: tuple[TextEncoderKeys, ...]
    size: int
    schedule: Config = field(default_factory=lambda: SCALED_LINEAR)
    prediction_varies: bool = False
    """Whether files of this format differ in what the UNet predicts and rarely say it."""
    num_heads: int | None = None
    """Heads of the UNet's attention; None: 64 channels for each head."""
    unet: Config = field(default_factory=dict)
    vae: Config = field(default_factory=dict)


class ModelFamily(Protocol):
    """Base models that are built, prompted and stored alike."""

    @property
    def name(self) -> str:
        """The name of the module."""
        ...

    @property
    def title(self) -> str:
        """The name in messages, for example "Stable Diffusion XL"."""
        ...

    @property
    def pipeline(self) -> str:
        """The diffusers pipeline class in a folder's model_index.json."""
        ...

    @property
    def classes(self) -> Mapping[str, str]:
        """The class that loads each component, as "module:Class", by the component's folder.

        Components are "unet", "vae", "text_encoder" and, with more text encoders,
        "text_encoder_2" and so on, each with a "tokenizer" of the same suffix.
        """
        ...

    @property
    def has_clip_skip(self) -> bool:
        """Whether `encode` heeds `clip_skip`."""
        ...

    @property
    def has_zero_negative(self) -> bool:
        """Whether an empty negative prompt stands for zeros instead of an encoded empty text."""
        ...

    @property
    def single_files(self) -> tuple[SingleFile, ...]:
        """The formats of single files; empty: only folders can be loaded."""
        ...

    def sizes(self, configs: Mapping[str, Config]) -> Sizes:
        """Read the sizes from the configurations of a folder's components."""
        ...

    def encode(
        self, model: Any, ids: torch.Tensor, clip_skip: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Run a text encoder over ids (B, T): hidden states (B, T, D) and pooled (B, P).

        A `clip_skip` of 1 reads the layer that the family always reads, 2 the one before it.
        """
        ...

    def added_conditioning(
        self, pooled: torch.Tensor | None, latents: torch.Tensor, vae_scale_factor: int
    ) -> dict[str, torch.Tensor] | None:
        """Return the UNet's `added_cond_kwargs` for latents (B, C, H, W), in their dtype."""
        ...

    def added_unet_config(self, shapes: Shapes) -> Config:
        """Derive the family's own UNet configuration keys from a single file's shapes."""
        ...


def text_encoder_names(family: ModelFamily) -> tuple[str, ...]:
    """List the folder names of a family's text encoders, in order."""
    return tuple(sorted(name for name in family.classes if name.startswith("text_encoder")))


def tokenizer_names(family: ModelFamily) -> tuple[str, ...]:
    """List the folder names of the tokenizers, in the order of the text encoders."""
    return tuple(name.replace("text_encoder", "tokenizer") for name in text_encoder_names(family))


def read_sizes(configs: Mapping[str, Config]) -> Sizes:
    """Read the sizes of a UNet, an autoencoder and CLIP text encoders."""
    vae_scale_factor = 2 ** (len(configs["vae"]["block_out_channels"]) - 1)
    encoders = sorted(name for name in configs if name.startswith("text_encoder"))
    sample_size = int(configs["unet"]["sample_size"])
    if sample_size <= 0:
        raise ValueError(f"sample_size is {sample_size}")
    return Sizes(
        size=sample_size * vae_scale_factor,
        widths=tuple(int(configs[name]["hidden_size"]) for name in encoders),
        vae_scale_factor=vae_scale_factor,
    )
