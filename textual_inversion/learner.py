"""The learner owns the new vectors and their optimizer; nothing else is ever a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from textual_inversion import losses
from textual_inversion.data.batches import Batch, StepBatch
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text import Words
from textual_inversion.schedules import Schedule


class Learner:
    """Trains the vectors of one word: `step` is one optimizer update over all its micro-batches."""

    def __init__(
        self,
        model: BaseModel,
        name: str,
        vectors: Sequence[torch.Tensor],
        *,
        schedule: Schedule,
        updates: int = 0,
    ) -> None:
        self.model = model
        self.name = name
        self.schedule = schedule
        self.updates = updates
        self.parameters = [
            nn.Parameter(tensor.detach().float().clone().to(model.device)) for tensor in vectors
        ]
        # No weight decay: it would pull the vectors to zero and serve nothing.
        self.optimizer = torch.optim.AdamW(self.parameters, lr=self.learning_rate, weight_decay=0)

    @property
    def learning_rate(self) -> float:
        """Give the rate of the newest update (of the first one, before it)."""
        return self.schedule.rate(max(self.updates - 1, 0))

    @property
    def words(self) -> Words:
        """Give the word as the text stack takes it, with gradients."""
        return {self.name: tuple(self.parameters)}

    @property
    def vectors(self) -> tuple[torch.Tensor, ...]:
        """Copy the vectors as they stand: fp32 on the CPU."""
        return tuple(p.detach().float().cpu().clone() for p in self.parameters)

    @property
    def is_finite(self) -> bool:
        """Tell whether every number of the vectors is one."""
        return all(bool(torch.isfinite(p).all()) for p in self.parameters)

    def step(self, batch: StepBatch) -> torch.Tensor:
        """Update the vectors once; the mean loss stays on the device (reading it is a sync)."""
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.model.device)
        for micro in batch.micros:
            loss = self._loss(micro) / len(batch.micros)
            loss.backward()
            total += loss.detach()
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.updates)
        self.optimizer.step()
        self.updates += 1
        return total

    def state(self) -> dict[str, Any]:
        """Give what `load_state` needs to go on exactly: a few KB."""
        return {
            "updates": self.updates,
            "vectors": list(self.vectors),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.updates = int(state["updates"])
        with torch.no_grad():
            for parameter, saved in zip(self.parameters, state["vectors"], strict=True):
                parameter.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])

    def _loss(self, micro: Batch) -> torch.Tensor:
        device = self.model.device
        latents, noise = micro.latents.to(device), micro.noise.to(device)
        timesteps = micro.timesteps.to(device)
        alphas = self.model.alphas_cumprod[timesteps]
        told = self.model.text.encode(micro.prompts, self.words)
        noisy = losses.add_noise(latents, noise, alphas)
        predicted = self.model.predict(noisy, timesteps, told)
        wanted = losses.target(self.model.prediction, latents, noise, alphas)
        return losses.mean_squared(predicted, wanted)
