"""What a learner calls on its way through a step; given to its constructor, never set later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from textual_inversion.models.text_encoders import Conditioning


def _keep_loss(_: Sequence[torch.Tensor], loss: torch.Tensor) -> torch.Tensor:
    return loss


@dataclass(frozen=True)
class Hooks:
    """Callables at four moments of a step; by default none does anything.

    Attributes:
        on_text_encoded: Takes the text conditioning of each micro-batch, before the UNet runs.
        on_gradients: Takes the parameters, whose gradients it may change in place, and the step's
            mean loss; returns the loss to report.
        on_updated: Called when the optimizer has updated the vectors.
        on_turn: Called when a step begins that waited for those of other runs.
    """

    on_text_encoded: Callable[[Conditioning], None] = lambda _: None
    on_gradients: Callable[[Sequence[torch.Tensor], torch.Tensor], torch.Tensor] = _keep_loss
    on_updated: Callable[[], None] = lambda: None
    on_turn: Callable[[], None] = lambda: None
