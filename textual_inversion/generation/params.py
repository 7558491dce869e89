"""What is asked of a drawing, with nothing left open."""

from __future__ import annotations

from dataclasses import dataclass

from textual_inversion.settings import Emphasis, Sampler
from textual_inversion.settings.generate import (
    HiresUpscaler,
    InpaintArea,
    MaskedContent,
    ResizeMode,
    VaeTiling,
)

_TILED_FROM_PIXELS = 1024 * 1024


@dataclass(frozen=True)
class Hires:
    """The second pass of the high-res fix, at `width` x `height` pixels."""

    width: int
    height: int
    scale: float
    upscaler: HiresUpscaler
    strength: float
    steps: int


@dataclass(frozen=True)
class InitImage:
    """The picture to begin from, and what of it is drawn anew; `mask` is "" for all of it."""

    path: str
    mask: str
    strength: float
    resize_mode: ResizeMode
    area: InpaintArea
    content: MaskedContent
    blur: int
    padding: int
    invert: bool


@dataclass(frozen=True)
class SamplingParams:
    """What to draw: one picture for each seed, all with the same words and size in pixels."""

    prompt: str
    negative_prompt: str
    sampler: Sampler
    steps: int
    cfg_scale: float
    width: int
    height: int
    seeds: tuple[int, ...]
    emphasis: Emphasis = "original"
    clip_skip: int = 1
    cfg_rescale: float = 0.0
    eta: float = 0.0
    variation_seeds: tuple[int, ...] = ()
    variation_strength: float = 0.0
    hires: Hires | None = None
    init: InitImage | None = None
    vae_tiling: VaeTiling = "auto"

    @property
    def final_size(self) -> tuple[int, int]:
        """Width and height in pixels after the last pass."""
        return (self.hires.width, self.hires.height) if self.hires else (self.width, self.height)

    @property
    def is_tiled(self) -> bool:
        """Whether the VAE works in tiles."""
        width, height = self.final_size
        large = width * height > _TILED_FROM_PIXELS
        return self.vae_tiling == "on" or (self.vae_tiling == "auto" and large)
