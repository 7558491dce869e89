"""The optimizers of the vectors: torch's AdamW, others from their own libraries, and our own.

The parameters are n x width numbers, so no optimizer costs memory worth a word.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

from textual_inversion.errors import SettingsError
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.schedule import parse_schedule

_LIBRARIES = {
    "adamw-8bit": ("bitsandbytes.optim", "AdamW8bit", "bitsandbytes"),
    "lion": ("lion_pytorch", "Lion", "lion-pytorch"),
    "prodigy": ("prodigyopt", "Prodigy", "prodigyopt"),
    "schedule-free": ("schedulefree", "AdamWScheduleFree", "schedulefree"),
}
# Where torch has one kernel for AdamW's whole step.
_FUSED = {"cpu", "cuda", "mps", "xpu"}


class SphericalSGD(torch.optim.Optimizer):
    """Directional Textual Inversion: only the direction of each vector moves, its norm is fixed.

    Each row's gradient loses its radial part and its size, the row takes a step on the sphere and
    is put back on it; `kappa` pulls towards the direction it started from (arXiv:2512.13672).
    """

    def __init__(
        self, params: Iterable[nn.Parameter], *, lr: float, kappa: float, norms: Sequence[float]
    ) -> None:
        groups = list(params)
        super().__init__([{"params": [p]} for p in groups], {"lr": lr, "kappa": kappa})
        with torch.no_grad():
            for parameter, norm in zip(groups, norms, strict=True):
                parameter.copy_(_directions(parameter) * norm)
                self.state[parameter] = {
                    "norm": torch.tensor(norm), "start": _directions(parameter)
                }  # fmt: skip

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore
        """Take one step on the sphere."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group["lr"], group["kappa"])

    def _move(self, parameter: nn.Parameter, rate: float, kappa: float) -> None:
        state = self.state[parameter]
        here = _directions(parameter)  # (n, width)
        pulled = parameter.grad - kappa * state["start"].to(here)
        tangent = pulled - (pulled * here).sum(-1, keepdim=True) * here
        step = tangent / tangent.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        parameter.copy_(_directions(here - rate * step) * state["norm"].to(here))


def make_optimizer(
    settings: TrainSettings,
    parameters: list[nn.Parameter],
    *,
    norms: Sequence[float],
) -> torch.optim.Optimizer:
    """Make the chosen optimizer, with one group for each text encoder; each step sets the rates.

    Args:
        settings: Which one, with its betas, epsilon and weight decay.
        parameters: One (n, width) tensor for each text encoder.
        norms: The vocabulary's mean norm for each text encoder.

    Raises:
        SettingsError: Its library is not installed.
    """
    betas = (settings.adam_beta1, settings.adam_beta2)
    options: dict[str, Any] = {"lr": 1.0, "weight_decay": settings.weight_decay, "betas": betas}
    if settings.optimizer_name == "spherical":
        return SphericalSGD(parameters, lr=1.0, kappa=settings.kappa, norms=norms)
    groups = [{"params": [parameter]} for parameter in parameters]  # each may have its own rate
    if settings.optimizer_name == "adamw":
        fused = parameters[0].device.type in _FUSED
        return torch.optim.AdamW(groups, eps=settings.adam_epsilon, fused=fused, **options)
    if settings.optimizer_name != "lion":
        options["eps"] = settings.adam_epsilon
    optimizer = _from_library(settings.optimizer_name)(groups, **options)
    if hasattr(optimizer, "train"):
        optimizer.train()
    return optimizer


def make_clip(settings: TrainSettings) -> Callable[[list[nn.Parameter], int], None]:
    """Make what limits the gradient before the update that follows `updates` finished ones."""
    schedule = parse_schedule(
        settings.clipping_threshold, absolute=settings.learning_rate_steps == "absolute"
    )

    def clip(parameters: list[nn.Parameter], updates: int) -> None:
        if settings.gradient_clipping == "value":
            nn.utils.clip_grad_value_(parameters, schedule.rate(updates))
        elif settings.gradient_clipping == "norm":
            nn.utils.clip_grad_norm_(parameters, schedule.rate(updates))

    return clip


def _from_library(name: str) -> Any:
    module, kind, package = _LIBRARIES[name]
    try:
        return getattr(importlib.import_module(module), kind)
    except ImportError:
        raise SettingsError(
            f'The optimizer "{name}" comes with the package {package}, which is not installed; '
            f"run pip install {package}, or choose adamw."
        ) from None


def _directions(rows: torch.Tensor) -> torch.Tensor:
    return rows / rows.norm(dim=-1, keepdim=True).clamp(min=1e-12)
