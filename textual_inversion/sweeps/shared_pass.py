"""One forward and backward pass of the frozen model for the steps of several runs.

Each run's prompts are encoded with its own word alone, and the losses are summed: every picture
depends on the vectors of its own run only, so the sum's gradient holds each run's own gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import torch

from textual_inversion.data.batches import Batch, StepBatch
from textual_inversion.devices.out_of_memory import is_out_of_memory
from textual_inversion.events import Event, Waiting
from textual_inversion.models.text_encoders import Conditioning, PromptGroup
from textual_inversion.training.learner import Learner
from textual_inversion.training.optimization.noising import Noised, add_noise


@dataclass
class SharedLearner:
    """Stands for a learner in its run's loop; its gradients are computed with those of others."""

    learner: Learner
    batch: StepBatch = field(default_factory=lambda: StepBatch(()))
    total: torch.Tensor = field(default_factory=lambda: torch.zeros(()))

    @property
    def learning_rate(self) -> float:
        """The learner's."""
        return self.learner.learning_rate

    def prepare(self, batch: StepBatch) -> Iterator[Event]:
        """Take the batch and wait until `SharedPass.run` has computed its gradients."""
        self.batch = batch
        yield Waiting()

    def step(self, batch: StepBatch) -> torch.Tensor:
        """Update the vectors along the gradients that are there; return the step's mean loss."""
        assert batch is self.batch
        return self.learner.update(self.total)

    def begin(self) -> None:
        """Forget the gradients of the step before."""
        self.learner.optimizer.zero_grad(set_to_none=True)
        self.total = torch.zeros((), device=self.learner.model.device)
        self.learner.hooks.on_turn()

    def parts(self) -> list[_Part]:
        """List what the run shows at once, in its own order."""
        at_once, passes = self.learner.settings.pictures_at_once, len(self.batch.micro_batches)
        return [
            _Part(self, part, share, passes, add_noise(self.learner.model, part))
            for part, share in self.batch.parts(at_once)
        ]


@dataclass(frozen=True)
class _Part:
    run: SharedLearner
    batch: Batch
    share: float
    num_micro_batches: int
    noised: Noised

    @property
    def shape(self) -> tuple[int, ...]:
        """What parts must have in common: the size of the latents and the length of the prompts.

        A longer prompt beside it would change what the UNet attends to.
        """
        learner = self.run.learner
        chunks = (learner.model.text.num_chunks(p, learner.words) for p in {*self.batch.prompts})
        return (*self.batch.latents.shape[1:], max(chunks))

    def loss(self, predicted: torch.Tensor) -> torch.Tensor:
        loss = self.run.learner.loss(self.batch, predicted, self.noised.target)
        return loss / self.num_micro_batches * self.share


class SharedPass:
    """Computes the gradients of several runs on one model; `limit` is what fits into memory."""

    def __init__(self) -> None:
        self.limit: int | None = None

    def run(self, runs: Sequence[SharedLearner]) -> None:
        """Compute the gradients of the runs' next steps, and their losses."""
        for run in runs:
            run.begin()
        for parts in zip_longest(*(run.parts() for run in runs)):
            for same in _by_shape([part for part in parts if part is not None]):
                self._compute(same)

    def _compute(self, parts: list[_Part]) -> None:
        """Compute the gradients of parts of one shape, in halves where they do not fit."""
        most = self.limit or len(parts)
        for first in range(0, len(parts), most):
            fewer = parts[first : first + most]
            try:
                _add_gradients(fewer)
            except (RuntimeError, MemoryError) as error:
                if len(fewer) < 2 or not is_out_of_memory(error):
                    raise
            else:
                continue
            self.limit = len(fewer) // 2
            self._compute(parts[first:])
            return


def _by_shape(parts: list[_Part]) -> list[list[_Part]]:
    groups: dict[tuple[int, ...], list[_Part]] = {}
    for part in parts:
        groups.setdefault(part.shape, []).append(part)
    return list(groups.values())


def _add_gradients(parts: list[_Part]) -> None:
    """Add the parts' gradients to their runs' parameters, all or, after an error, none."""
    losses = _losses(parts)
    scaled = [part.run.learner.scaler.scale(loss) for part, loss in zip(parts, losses, strict=True)]
    parameters = [p for part in parts for p in part.run.learner.parameters]
    total = torch.stack(scaled).sum()
    gradients = torch.autograd.grad(total, parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
    for part, loss in zip(parts, losses, strict=True):
        part.run.total += loss.detach()


def _losses(parts: list[_Part]) -> list[torch.Tensor]:
    model = parts[0].run.learner.model
    groups = [PromptGroup(part.batch.prompts, part.run.learner.words) for part in parts]
    sizes = [len(part.batch.prompts) for part in parts]
    encoded = _split(model.text.encode_together(groups), sizes)
    for part, own in zip(parts, encoded, strict=True):
        part.run.learner.hooks.on_text_encoded(own)
    predicted = model.predict(
        torch.cat([part.noised.latents for part in parts]),
        torch.cat([part.noised.timesteps for part in parts]),
        _join(encoded),
    )
    return [part.loss(own) for part, own in zip(parts, predicted.split(sizes), strict=True)]


def _split(conditioning: Conditioning, sizes: list[int]) -> list[Conditioning]:
    hidden = conditioning.hidden.split(sizes)
    if conditioning.pooled is None:
        return [Conditioning(own) for own in hidden]
    pooled = conditioning.pooled.split(sizes)
    return [Conditioning(own, its) for own, its in zip(hidden, pooled, strict=True)]


def _join(parts: list[Conditioning]) -> Conditioning:
    pooled = [part.pooled for part in parts if part.pooled is not None]
    hidden = torch.cat([part.hidden for part in parts])
    return Conditioning(hidden, torch.cat(pooled) if pooled else None)
