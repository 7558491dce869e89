"""A base model: frozen text encoders, UNet and autoencoder behind the few verbs we need.

B batch, C 4 channels, H W latent sides (pixels / 8), D width of the UNet's context.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from PIL import Image

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.noise_schedule import Prediction, alphas_cumprod
from textual_inversion.models.text_encoders import Conditioning, TextStack


@dataclass(frozen=True)
class Moments:
    """The autoencoder's Gaussian for pictures, unscaled: mean and spread (B, C, H, W)."""

    mean: torch.Tensor
    std: torch.Tensor


class BaseModel:
    """A model of any family, frozen; `unet`, `vae` and `scheduler` are diffusers' own."""

    def __init__(
        self, info: ModelInfo, text: TextStack, *, unet: Any, vae: Any, scheduler: Any
    ) -> None:
        self.info = info
        self.text = text
        self.unet = unet
        self.vae = vae
        self.scheduler = scheduler
        self.vae_offloaded = False
        self._running: Any = unet
        self.alphas_cumprod: torch.Tensor = alphas_cumprod(scheduler.config).to(unet.device)

    @property
    def device(self) -> torch.device:
        """Tell where the model computes."""
        return self.unet.device

    @property
    def dtype(self) -> torch.dtype:
        """Tell in which numbers the UNet computes (its own property looks at every weight)."""
        return next(self.unet.parameters()).dtype

    @property
    def prediction(self) -> Prediction:
        """Tell what the UNet predicts: the noise or the velocity."""
        return self.scheduler.config.prediction_type

    @property
    def num_timesteps(self) -> int:
        """Count the timesteps of the noise schedule (1000)."""
        return len(self.alphas_cumprod)

    @cached_property
    def hash(self) -> str:
        """The first ten hex digits of the file's SHA-256, of a folder the UNet's files."""
        files = sorted((self.info.folder / "unet").glob("*.safetensors"))
        if self.info.is_single_file:
            files = [self.info.folder]
        digest = hashlib.sha256()
        for path in files:
            with path.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)  # goes on with what is hashed already
        return digest.hexdigest()[:10]

    @cached_property
    def vae_hash(self) -> str:
        """Name the autoencoder's weights by the SHA-256 of their bytes."""
        digest = hashlib.sha256()
        for name, tensor in self.vae.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy())
        return digest.hexdigest()

    def check_widths(self, widths: tuple[int, ...], name: str) -> None:
        """Raise ModelError when an embedding of these widths does not fit."""
        if widths != self.info.widths:
            raise ModelError(
                f"{other_dimension(name, widths, self.info.widths)} Use the model it was made for "
                f'instead of "{self.info.name}", or create the embedding anew for this one.'
            )

    def predict(
        self, latents: torch.Tensor, timesteps: torch.Tensor, conditioning: Conditioning
    ) -> torch.Tensor:
        """Run the UNet: latents (B, C, H, W) and timesteps (B,) to a prediction (B, C, H, W)."""
        latents = latents.to(self.dtype)
        added = self.info.family.added_conditioning(conditioning.pooled, latents, self.info.scale)
        return self._running(
            latents,
            timesteps,
            encoder_hidden_states=conditioning.hidden.to(self.dtype),
            added_cond_kwargs=added,
            return_dict=False,
        )[0].float()

    @contextmanager
    def running(self, unet: Any) -> Iterator[None]:
        """Let `predict` run another form of the UNet within the block; None: the UNet itself."""
        self._running = self.unet if unet is None else unet
        try:
            yield
        finally:
            self._running = self.unet

    @torch.no_grad()
    def encode_pictures(self, pictures: Sequence[Image.Image]) -> Moments:
        """Encode RGB pictures of one size."""
        pixels = torch.stack([_pixels(picture) for picture in pictures])  # in [-1, 1]
        with self._vae_at_work():
            latent = self.vae.encode(pixels.to(self.device, self.vae.dtype)).latent_dist
        return Moments(latent.mean.float(), latent.std.float())

    def offload_vae(self, *, offloaded: bool) -> None:
        """Let the autoencoder wait in main memory until it is needed, or always on the device."""
        self.vae_offloaded = offloaded
        self.vae.to("cpu" if offloaded else self.device)

    @contextmanager
    def _vae_at_work(self) -> Iterator[None]:
        if not self.vae_offloaded:
            yield
            return
        self.vae.to(self.device)
        try:
            yield
        finally:
            self.vae.to("cpu")

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """Bring the autoencoder's latents to the UNet's scale."""
        config = self.vae.config
        return (latents - (config.shift_factor or 0.0)) * config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> list[Image.Image]:
        """Decode latents of the UNet's scale (B, C, H, W) into pictures."""
        config = self.vae.config
        raw = latents / config.scaling_factor + (config.shift_factor or 0.0)
        with self._vae_at_work():
            pixels = self.vae.decode(raw.to(self.vae.dtype), return_dict=False)[0].float()
        array = (pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).cpu().mul(255).round()
        return [Image.fromarray(picture) for picture in array.to(torch.uint8).numpy()]


def other_dimension(name: str, widths: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Say, in InvokeAI's words, that an embedding's vectors do not fit the model's tokens."""
    return (
        f"Cannot load embedding for <{name}>. It was trained on a model with token dimension "
        f"{_words(widths)}, but the current model has token dimension {_words(wanted)}."
    )


def _pixels(picture: Image.Image) -> torch.Tensor:
    import numpy as np

    array = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array / 127.5 - 1).permute(2, 0, 1)  # (3, height, width)


def _words(widths: tuple[int, ...]) -> str:
    return " and ".join(str(width) for width in widths)
