"""Averages of the vectors: EMA, and the averages that an optimizer keeps itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class Average:
    """An exponential moving average of the vectors; with a decay of 0 there is none."""

    def __init__(self, parameters: Sequence[nn.Parameter], decay: float) -> None:
        self.decay = decay
        self.values = [p.detach().clone() for p in parameters] if decay else []

    @torch.no_grad()
    def update(self, parameters: Sequence[nn.Parameter]) -> None:
        """Move towards the vectors as they are now."""
        for value, parameter in zip(self.values, parameters, strict=False):
            value.lerp_(parameter.detach(), 1 - self.decay)

    def load(self, saved: Sequence[torch.Tensor], parameters: Sequence[nn.Parameter]) -> None:
        """Take up a saved average; one that begins only now begins at the vectors."""
        sources = saved or [p.detach() for p in parameters]
        for value, source in zip(self.values, sources, strict=False):
            value.copy_(source)


@contextmanager
def evaluating(optimizer: Any) -> Iterator[None]:
    """Use the averaged weights of a schedule-free optimizer within the block."""
    if not hasattr(optimizer, "eval"):
        yield
        return
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    training = [p.detach().clone() for p in parameters]
    optimizer.eval()
    try:
        yield
    finally:
        optimizer.train()
        # It calculates the way back, with rounding; reading must not change what is learned.
        put(training, parameters)


@contextmanager
def vectors_in(optimizer: Any) -> Iterator[list[list[torch.Tensor]]]:
    """Yield the vectors in the optimizer, to be changed in place: for each text encoder a list.

    A schedule-free one has two, those that are saved and those that take the steps.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if not hasattr(optimizer, "eval"):
        yield [[p.data] for p in parameters]
        return
    optimizer.eval()
    # Before its first step there are none that take it.
    both = [(p.data, optimizer.state[p].get("z")) for p in parameters]
    yield [[vectors for vectors in pair if vectors is not None] for pair in both]
    optimizer.train()


@torch.no_grad()
def put(values: Sequence[torch.Tensor], parameters: Sequence[nn.Parameter]) -> None:
    """Copy values into parameters."""
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)
