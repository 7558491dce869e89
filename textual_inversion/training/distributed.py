"""Several processes that train one embedding, as `accelerate launch` or torchrun starts them.

All make the same batch and each learns from its part; the gradients are averaged, so all take the
same step and their vectors never differ. The first one alone writes files and says what happens.
What one process is asked for counts for all of them, from the same step on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from textual_inversion.data.batches import StepBatch
from textual_inversion.devices.launcher import (
    num_local_processes,
    num_processes,
    set_master_address,
)
from textual_inversion.devices.precision import best_device
from textual_inversion.errors import TrainingError
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.training.learner import Learner


@dataclass(frozen=True)
class ProcessGroup:
    """This process's place among `size` processes."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Tell whether this process is the one that writes."""
        return self.rank == 0

    def with_global_batch(self, settings: TrainSettings) -> TrainSettings:
        """Give the settings of one process that would do all of it: the batches of all together."""
        if self.size == 1:
            return settings
        return settings.model_copy(update={"batch_size": settings.batch_size * self.size})

    def shard(self, batches: Iterator[StepBatch]) -> Iterator[StepBatch]:
        """Give this process's part of each batch."""
        if self.size == 1:
            yield from batches
        for batch in batches:
            parts = [m.split(len(m.prompts) // self.size)[self.rank] for m in batch.micro_batches]
            yield StepBatch(tuple(parts))

    def sync_stop(self, learner: Learner, own: Control) -> Control:
        """Let a learner step with the others; return the requests that all have heard of."""
        if self.size == 1:
            return own
        agreed = Control()

        def meet() -> None:
            # Reading the requests waits for the GPU; without it some would step on alone.
            wishes = [float(own.stopping), float(own.converged)]
            stops, converged = self._average(learner.parameters, wishes)
            if stops:
                agreed.stop.set()
            agreed.converged = agreed.converged or converged > 0

        learner.on_gradients = meet
        return agreed

    def mean(self, loss: torch.Tensor) -> torch.Tensor:
        """Average a loss over all processes."""
        together = loss.to(self.device)
        torch.distributed.all_reduce(together)
        return together / self.size

    def _average(self, parameters: list[Any], extra: list[float]) -> list[float]:
        """Average gradients, and numbers beside them, in one go."""
        gradients = [parameter.grad for parameter in parameters]
        flat = torch.cat(
            [g.detach().float().flatten().to(self.device) for g in gradients]
            + [torch.tensor(extra, device=self.device)]
        )
        torch.distributed.all_reduce(flat)
        flat /= self.size
        places = flat.split([*(g.numel() for g in gradients), len(extra)])
        for gradient, mean in zip(gradients, places, strict=False):
            gradient.copy_(mean.view_as(gradient))
        return places[-1].tolist()


@dataclass(frozen=True)
class DistributedLearner:
    """A learner whose losses are those of all processes together."""

    learner: Learner
    group: ProcessGroup

    @property
    def learning_rate(self) -> float:
        """Give the learner's rate."""
        return self.learner.learning_rate

    def step(self, batch: StepBatch) -> torch.Tensor:
        """Step with this process's part; the gradients of all are averaged on the way."""
        loss = self.learner.step(batch)
        return loss if self.group.size == 1 else self.group.mean(loss)


def join_process_group() -> ProcessGroup:
    """Join the processes that this one was started with; mostly it is alone.

    Raises:
        TrainingError: There are more processes than GPUs for them.
    """
    if num_processes() < 2:
        return ProcessGroup(0, 1, torch.device("cpu"))
    on_gpu = best_device().type == "cuda"
    if on_gpu and num_local_processes() > torch.cuda.device_count():
        raise TrainingError(
            f"{num_local_processes()} processes were started for {torch.cuda.device_count()} GPU; "
            "start one for each GPU, or set CUDA_VISIBLE_DEVICES= to train on the CPU."
        )
    from accelerate import PartialState

    set_master_address()
    # Without being told, accelerate joins processes on GPUs only.
    state = PartialState(cpu=not on_gpu)
    if state.num_processes < num_processes():
        raise TrainingError(
            f"{num_processes()} processes were started and do not find one another; start them "
            "with torchrun or accelerate launch."
        )
    device = torch.device("cuda", state.local_process_index) if on_gpu else torch.device("cpu")
    return ProcessGroup(state.process_index, state.num_processes, device)
