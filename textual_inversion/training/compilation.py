"""A compiled UNet, used only where its gradients have matched those of the plain one.

PyTorch's compiler gives silently wrong gradients on some machines, so nothing compiled is trusted
before it was compared on the spot, on a real batch, and again for every new shape of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from textual_inversion.data.batches import Batch
from textual_inversion.devices.gradient_check import largest_rounding, relative_error
from textual_inversion.devices.out_of_memory import is_out_of_memory
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import LearnedTokens

Backend = str | Callable[..., Any]
_LEAST_STEPS = 1000


def is_worth_compiling(choice: str, steps: int, device: torch.device) -> bool:
    """Whether to compile: "auto" does on a GPU that has enough steps ahead of it."""
    return choice == "on" or (choice == "auto" and device.type == "cuda" and steps >= _LEAST_STEPS)


class Compiled:
    """Runs the compiled UNet for the batches whose gradients were found right.

    Args:
        model: The model whose UNet is compiled.
        gradients: Computes the vectors' gradients for a batch, with the UNet that is running.
        words: The learned words, whose length decides a batch's number of chunks.
        warn: Takes a sentence for the user when the compiled UNet is not used.
        backend: As `torch.compile` takes it.
    """

    def __init__(
        self,
        model: BaseModel,
        *,
        gradients: Callable[[Batch], tuple[torch.Tensor, ...]],
        words: LearnedTokens,
        warn: Callable[[str], None],
        backend: Backend = "inductor",
    ) -> None:
        self.model = model
        self.gradients = gradients
        self.words = words
        self.warn = warn
        self.unet = torch.compile(model.unet, backend=backend)
        self.refused = False
        self._compared: set[tuple[int, ...]] = set()

    @contextmanager
    def running(self, part: Batch) -> Iterator[None]:
        """Run the compiled UNet in the block if its gradients are right for batches like `part`."""
        shape = (*part.latents.shape, self._num_chunks(part))
        if not self.refused and shape not in self._compared and self._compare(part):
            self._compared.add(shape)
        use = not self.refused and shape in self._compared
        with self.model.using_unet(self.unet if use else None):
            yield

    def _num_chunks(self, part: Batch) -> int:
        return max(self.model.text.num_chunks(p, self.words) for p in part.prompts)

    def _compare(self, part: Batch) -> bool:
        """Compare the gradients of both; False where there is nothing to compare by yet."""
        plain = self.gradients(part)
        if not any(bool(gradient.any()) for gradient in plain):
            return False
        try:
            with self.model.using_unet(self.unet):
                ours = self.gradients(part)
        except (RuntimeError, OSError, ImportError, TypeError, AttributeError) as error:
            if is_out_of_memory(error):
                raise
            reason = " ".join(str(error).split())[:200].rstrip(".")
            return self._refuse(f"it cannot be compiled here ({reason})")
        error = max(relative_error(*pair) for pair in zip(ours, plain, strict=True))
        if not error < largest_rounding(self.model.dtype):
            return self._refuse(f"its gradients are wrong here by {error:.0%}")
        return True

    def _refuse(self, reason: str) -> bool:
        self.refused = True
        self.warn(f"The compiled UNet is not used: {reason}; the plain one is.")
        return False
