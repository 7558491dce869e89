"""Several processes that train one embedding, as `accelerate launch` or torchrun starts them.

All make the same batch and each learns from its part; the gradients are averaged, so all take the
same step and their vectors never differ. The first one alone writes files and emits events. A stop
that one process is asked for counts for all of them, from the same step on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class ProcessGroup:
    """This process's rank among `size` processes."""

    rank: int
    size: int

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def with_global_batch(self, settings: TrainSettings) -> TrainSettings:
        """Return the settings of one process that would do all of it: the batches of all."""
        if self.size == 1:
            return settings
        return settings.model_copy(update={"batch_size": settings.batch_size * self.size})

    def shard(self, batches: Iterator[StepBatch]) -> Iterator[StepBatch]:
        """Yield this process's part of each batch."""
        if self.size == 1:
            yield from batches
        for batch in batches:
            parts = [m.split(len(m.prompts) // self.size)[self.rank] for m in batch.micro_batches]
            yield StepBatch(tuple(parts))


@dataclass(frozen=True)
class GradientSync:
    """Averages gradients and losses over all processes, and agrees with them on when to stop.

    `own` holds the requests to this process, `agreed` those that all processes know of.
    """

    own: Control
    agreed: Control = field(default_factory=Control)

    def average(self, parameters: Sequence[torch.Tensor], loss: torch.Tensor) -> torch.Tensor:
        """Average the gradients in place; return the mean loss of all processes."""
        from accelerate.utils.operations import reduce

        gradients = [p.grad for p in parameters if p.grad is not None]
        stops = loss.new_tensor([self.own.stopping, self.own.converged])
        # accelerate may sum into the tensors that it is given.
        means, stops, loss = reduce(([g.clone() for g in gradients], stops, loss.clone()), "mean")
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean)
        # CPU-GPU sync point; without it some processes would step on alone.
        is_stopped, is_converged = stops.tolist()
        if is_stopped:
            self.agreed.stop.set()
        self.agreed.converged = self.agreed.converged or is_converged > 0
        return loss


def join_process_group() -> ProcessGroup:
    """Join the processes that this one was started with; mostly it is alone.

    Raises:
        TrainingError: There are more processes than GPUs for them.
    """
    if num_processes() < 2:
        return ProcessGroup(0, 1)
    on_gpu = best_device().type == "cuda"
    if on_gpu and num_local_processes() > torch.cuda.device_count():
        raise TrainingError(
            f"{num_local_processes()} processes were started for {torch.cuda.device_count()} GPU; "
            "start one for each GPU, or set CUDA_VISIBLE_DEVICES= to train on the CPU."
        )
    from accelerate import PartialState

    set_master_address()
    # By default accelerate joins processes on GPUs only.
    state = PartialState(cpu=not on_gpu)
    if state.num_processes < num_processes():
        raise TrainingError(
            f"{num_processes()} processes were started and do not find one another; start them "
            "with torchrun or accelerate launch."
        )
    return ProcessGroup(state.process_index, state.num_processes)
