"""What is asked of a drawing, with nothing left open."""

from __future__ import annotations

from dataclasses import dataclass

from textual_inversion.settings import Emphasis, Sampler


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
