"""A base model: frozen text encoders, UNet and autoencoder behind a small interface.

B batch, C 4 channels, H W latent sides (pixels / 8), D width of the UNet's context.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakSet

import torch
from PIL import Image

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo, dimension_mismatch
from textual_inversion.models.listing.hashes import short_hash
from textual_inversion.models.noise_schedule import Prediction, alphas_cumprod
from textual_inversion.models.text_encoders import Conditioning, TextStack

# VAEs in CPU memory; models that differ in their options only share one.
_offloaded: WeakSet[Any] = WeakSet()


@dataclass(frozen=True)
class Moments:
    """The VAE's posterior for pictures, unscaled: mean and standard deviation (B, C, H, W)."""

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
        self._active_unet: Any = unet
        self.alphas_cumprod: torch.Tensor = alphas_cumprod(scheduler.config).to(unet.device)

    @property
    def device(self) -> torch.device:
        """The device of the UNet, which inputs are moved to."""
        return self.unet.device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the UNet; its own property would visit every weight."""
        return next(self.unet.parameters()).dtype

    @property
    def prediction(self) -> Prediction:
        """What the UNet predicts: the noise ("epsilon") or the velocity ("v_prediction")."""
        return self.scheduler.config.prediction_type

    @property
    def num_timesteps(self) -> int:
        """The number of timesteps of the noise schedule, usually 1000."""
        return len(self.alphas_cumprod)

    @cached_property
    def hash(self) -> str:
        """The first ten hex digits of the SHA-256 of the single file or the UNet's files."""
        return short_hash(self.info.folder)

    @cached_property
    def vae_hash(self) -> str:
        """The SHA-256 of the VAE's weights, which names cached latents."""
        digest = hashlib.sha256()
        for name, tensor in self.vae.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy())
        return digest.hexdigest()

    def check_widths(self, widths: tuple[int, ...], name: str) -> None:
        """Raise ModelError unless an embedding's vector widths are those of the text encoders."""
        if widths != self.info.widths:
            raise ModelError(
                f"{dimension_mismatch(name, widths, self.info.widths)} Use the model it was made "
                "for "
                f'instead of "{self.info.name}", or create a new embedding for this model.'
            )

    def predict(
        self, latents: torch.Tensor, timesteps: torch.Tensor, conditioning: Conditioning
    ) -> torch.Tensor:
        """Run the UNet on noisy latents (B, C, H, W) at timesteps (B,); return (B, C, H, W)."""
        return self._run(self._active_unet, latents, timesteps, conditioning)

    def middle_activations(
        self, latents: torch.Tensor, timesteps: torch.Tensor, conditioning: Conditioning
    ) -> torch.Tensor:
        """Run the UNet as `predict` does; return its middle block's output (B, F, h, w)."""
        found: list[torch.Tensor] = []

        def keep(_module: Any, _given: Any, output: torch.Tensor) -> None:
            found.append(output.float())

        handle = self.unet.mid_block.register_forward_hook(keep)
        try:
            # A compiled one may know nothing of the hook.
            self._run(self.unet, latents, timesteps, conditioning)
        finally:
            handle.remove()
        return found[0]

    def _run(
        self, unet: Any, latents: torch.Tensor, timesteps: torch.Tensor, conditioning: Conditioning
    ) -> torch.Tensor:
        latents = latents.to(self.dtype)
        added = self.info.family.added_conditioning(
            conditioning.pooled, latents, self.info.vae_scale_factor
        )
        return unet(
            latents,
            timesteps,
            encoder_hidden_states=conditioning.hidden.to(self.dtype),
            added_cond_kwargs=added,
            return_dict=False,
        )[0].float()

    @contextmanager
    def using_unet(self, unet: Any) -> Iterator[None]:
        """Make `predict` use another UNet (compiled, say) within the block; None: the original."""
        self._active_unet = self.unet if unet is None else unet
        try:
            yield
        finally:
            self._active_unet = self.unet

    @torch.no_grad()
    def encode_pictures(self, pictures: Sequence[Image.Image], *, tiled: bool = False) -> Moments:
        """Encode RGB pictures of one size into their posterior's moments."""
        pixels = torch.stack([_pixels(picture) for picture in pictures])  # in [-1, 1]
        with self._vae_on_device(), self._in_tiles(tiled=tiled):
            latent = self.vae.encode(pixels.to(self.device, self.vae.dtype)).latent_dist
        return Moments(latent.mean.float(), latent.std.float())

    @property
    def vae_offloaded(self) -> bool:
        """Whether the VAE is kept in CPU memory until it is used, by whichever job asked for it."""
        return self.vae in _offloaded

    def offload_vae(self, *, enabled: bool) -> None:
        """Keep the VAE in CPU memory except while it is used, or always on the device."""
        (_offloaded.add if enabled else _offloaded.discard)(self.vae)
        self.vae.to("cpu" if enabled else self.device)

    @contextmanager
    def _vae_on_device(self) -> Iterator[None]:
        if not self.vae_offloaded:
            yield
            return
        self.vae.to(self.device)
        try:
            yield
        finally:
            self.vae.to("cpu")

    @contextmanager
    def _in_tiles(self, *, tiled: bool) -> Iterator[None]:
        """Make the VAE work in tiles within the block, where diffusers finds them smaller."""
        self.vae.use_tiling = tiled
        try:
            yield
        finally:
            self.vae.use_tiling = False

    def scale_latents(self, latents: torch.Tensor) -> torch.Tensor:
        """Scale the VAE's latents to those of the UNet, by `scaling_factor` and `shift_factor`."""
        config = self.vae.config
        return (latents - (config.shift_factor or 0.0)) * config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: torch.Tensor, *, tiled: bool = False) -> list[Image.Image]:
        """Decode scaled latents (B, C, H, W) into pictures; in tiles it needs less memory."""
        config = self.vae.config
        raw = latents / config.scaling_factor + (config.shift_factor or 0.0)
        with self._vae_on_device(), self._in_tiles(tiled=tiled):
            pixels = self.vae.decode(raw.to(self.vae.dtype), return_dict=False)[0].float()
        array = (pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).cpu().mul(255).round()
        return [Image.fromarray(picture) for picture in array.to(torch.uint8).numpy()]


def _pixels(picture: Image.Image) -> torch.Tensor:
    import numpy as np

    array = np.asarray(picture.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array / 127.5 - 1).permute(2, 0, 1)  # (3, height, width)
