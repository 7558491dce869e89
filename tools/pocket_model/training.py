"""What the two training scripts share: the clock-driven learning rate, EMA and resumable state."""

from __future__ import annotations

import copy
import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn


class Clock:
    """Minutes to spend: `share` runs from 0 to 1, and the learning rate follows it."""

    def __init__(self, minutes: float, *, warmup_steps: int = 200) -> None:
        self.minutes = minutes
        self.warmup_steps = warmup_steps
        self.start = time.perf_counter()

    @property
    def share(self) -> float:
        """The share of the time budget that is spent, 0 to 1."""
        return min(1.0, (time.perf_counter() - self.start) / (60 * self.minutes))

    def rate(self, peak: float, step: int, *, floor: float = 0.02) -> float:
        """Warm up over the first steps, stay at `peak` for 40 % of the time, then a half cosine."""
        warm = min(1.0, (step + 1) / self.warmup_steps)
        fall = max(0.0, (self.share - 0.4) / 0.6)
        return peak * warm * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fall)))


class Average:
    """An exponential moving average of a module's parameters (EMA), warmed up from the start."""

    def __init__(self, module: nn.Module, decay: float = 0.999, *, updates: int = 0) -> None:
        self.module = copy.deepcopy(module).requires_grad_(False)
        self.decay = decay
        self.updates = updates

    @torch.no_grad()
    def update(self, source: nn.Module) -> None:
        """Move the average towards `source`."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        ours = [p.data for p in self.module.parameters()]
        theirs = [p.data for p in source.parameters()]
        torch._foreach_lerp_(ours, theirs, 1 - decay)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a resumable state whole: a temporary name first, then the real one."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read a state that `save_state` wrote, or None when there is none yet."""
    if not path.exists():
        return None
    return torch.load(path, map_location="cpu", weights_only=True)
