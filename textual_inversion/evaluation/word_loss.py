"""The diffusion loss of pictures under different texts, on the same noise for all of them.

K draws, W texts, C H W latent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from textual_inversion.models import diffusion
from textual_inversion.models.base import BaseModel
from textual_inversion.randomness import generator
from textual_inversion.training.optimization import losses

# Keeps the first draw away from timestep 0, where there is hardly any noise.
_OFFSET = 1 / 16
_TEXTS_AT_ONCE = 32


@dataclass(frozen=True)
class Draws:
    """Noisy latents and their targets (K, C, H, W), with their timesteps (K,).

    Timesteps are spread so evenly that any first k of them are, too; pictures take turns in a
    random order, so that each is seen at all of them.
    """

    noisy: torch.Tensor
    target: torch.Tensor
    timesteps: torch.Tensor

    @classmethod
    def make(cls, model: BaseModel, latents: torch.Tensor, count: int) -> Draws:
        """Draw from scaled latents (N, C, H, W) by a fixed seed."""
        last = model.num_timesteps - 1
        fractions = [(_van_der_corput(index) + _OFFSET) % 1 for index in range(count)]
        timesteps = torch.tensor([round(fraction * last) for fraction in fractions])
        rows = latents[_turns(len(latents), count)]
        noise = torch.stack(
            [
                torch.randn(rows.shape[1:], generator=generator("suggest", index))
                for index in range(count)
            ]
        )
        alphas = model.alphas_cumprod.cpu()[timesteps]
        noisy = diffusion.add_noise(rows, noise, alphas)
        return cls(noisy, diffusion.target(model.prediction, rows, noise, alphas), timesteps)

    def __len__(self) -> int:
        return len(self.timesteps)


def _turns(num_pictures: int, count: int) -> torch.Tensor:
    """Return which picture each draw takes (count,): all of them before one comes again."""
    rounds = range(-(-count // num_pictures))
    orders = [torch.randperm(num_pictures, generator=generator("turns", one)) for one in rounds]
    return torch.cat(orders)[:count]


def _van_der_corput(index: int) -> float:
    """Return a number of the van der Corput sequence, whose first 2^k lie one in each 2^k-th."""
    return int(f"{index:016b}"[::-1], 2) / 2**16


@torch.no_grad()
def text_losses(
    model: BaseModel, texts: Sequence[str], draws: Draws, which: range, at_once: int
) -> Iterator[tuple[int, torch.Tensor]]:
    """Compute the squared errors of each text on the draws in `which`.

    Yields (text, losses) for every text in order, the losses (len(which),) on the CPU; and between
    them (-1, empty) after each pass of the UNet, so that others may have the device.
    """
    nothing = torch.empty(0)
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        part = list(texts[first : first + _TEXTS_AT_ONCE])
        encoded = model.text.encode(part, {})
        pairs = [(row, draw) for row in range(len(part)) for draw in which]
        found: list[torch.Tensor] = []
        for start in range(0, len(pairs), at_once):
            rows, columns = zip(*pairs[start : start + at_once], strict=True)
            index = torch.tensor(columns)
            given = (draws.noisy[index], draws.timesteps[index], draws.target[index])
            noisy, timesteps, target = (tensor.to(model.device) for tensor in given)
            predicted = model.predict(noisy, timesteps, encoded[torch.tensor(rows)])
            found.append(losses.squared(predicted, target).flatten(1).mean(1).cpu())
            yield -1, nothing
        table = torch.cat(found).view(len(part), len(which))
        yield from ((first + row, table[row]) for row in range(len(part)))
