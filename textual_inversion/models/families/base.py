"""What a model family has to say: its parts, its text conditioning, its single files. Light.

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
    """The numbers of a model that the rest of the program goes by."""

    size: int
    """Pixels of a side that the model was made for."""
    widths: tuple[int, ...]
    """Width of the vectors for each text encoder."""
    scale: int
    """Pixels of a side for one latent."""


@dataclass(frozen=True)
class TextEncoderKeys:
    """Where a single file keeps a text encoder, and what its tensors' shapes do not tell."""

    prefix: str
    is_open_clip: bool = False
    """Named as in OpenCLIP, not as in transformers."""
    num_unused_layers: int = 0
    """Last layers that the UNet was not trained with."""

    @property
    def pad_token(self) -> str:
        """Name the token that fills up short prompts."""
        return OPEN_CLIP_PAD if self.is_open_clip else CLIP_PAD


@dataclass(frozen=True)
class SingleFile:
    """A layout of single files, told by its text encoders' keys; the rest shapes do not tell.

    `unet` and `vae` hold what goes into diffusers' configurations beside what the shapes tell.
    """

    text_encoders: tuple[TextEncoderKeys, ...]
    size: int
    schedule: Config = field(default_factory=lambda: SCALED_LINEAR)
    num_heads: int | None = None
    """Heads of the UNet's attention; None: as many as have 64 channels each."""
    unet: Config = field(default_factory=dict)
    vae: Config = field(default_factory=dict)


class ModelFamily(Protocol):
    """Base models that are built, prompted and stored alike."""

    @property
    def name(self) -> str:
        """In one word, as the module is called."""
        ...

    @property
    def title(self) -> str:
        """As messages call it, for example "Stable Diffusion XL"."""
        ...

    @property
    def pipeline(self) -> str:
        """The class of diffusers that a folder's model_index.json names."""
        ...

    @property
    def classes(self) -> Mapping[str, str]:
        """For each folder of weights the class that opens it, as "module:Class".

        They are "unet", "vae", "text_encoder" and, with more text encoders, "text_encoder_2" and
        so on, each with a "tokenizer" of the same ending.
        """
        ...

    @property
    def has_clip_skip(self) -> bool:
        """Whether `encode` heeds `clip_skip`."""
        ...

    @property
    def single_files(self) -> tuple[SingleFile, ...]:
        """The layouts that its single files have; none: it is opened from folders only."""
        ...

    def sizes(self, configs: Mapping[str, Config]) -> Sizes:
        """Read the sizes from the configurations of a folder's parts."""
        ...

    def encode(
        self, model: Any, ids: torch.Tensor, clip_skip: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Run a text encoder over ids (B, T): hidden states (B, T, D) and pooled (B, P).

        A `clip_skip` of 1 reads the layer that the family always reads, 2 the one before it.
        """
        ...

    def added_conditioning(
        self, pooled: torch.Tensor | None, latents: torch.Tensor, scale: int
    ) -> dict[str, torch.Tensor] | None:
        """Make the UNet's `added_cond_kwargs` for latents (B, C, H, W) in the UNet's dtype."""
        ...

    def added_unet_config(self, shapes: Shapes) -> Config:
        """Derive what a single file's UNet has beyond the usual from the tensors' shapes."""
        ...


def text_encoders(family: ModelFamily) -> tuple[str, ...]:
    """Name a family's text encoders, first to last, as their folders are named."""
    return tuple(sorted(name for name in family.classes if name.startswith("text_encoder")))


def tokenizers(family: ModelFamily) -> tuple[str, ...]:
    """Name the tokenizers' folders, in the order of the text encoders."""
    return tuple(name.replace("text_encoder", "tokenizer") for name in text_encoders(family))


def unet_sizes(configs: Mapping[str, Config]) -> Sizes:
    """Read the sizes of a UNet, an autoencoder and CLIP text encoders."""
    scale = 2 ** (len(configs["vae"]["block_out_channels"]) - 1)
    encoders = sorted(name for name in configs if name.startswith("text_encoder"))
    return Sizes(
        size=int(configs["unet"]["sample_size"]) * scale,
        widths=tuple(int(configs[name]["hidden_size"]) for name in encoders),
        scale=scale,
    )
