"""The environment variables of `accelerate launch`, torchrun and mpirun; only read here."""

from __future__ import annotations

import os

from textual_inversion.settings import TrainSettings

# The names that accelerate reads, in its order: torchrun's, then those of MPI.
_SIZES = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_LOCAL_SIZES = (
    "LOCAL_WORLD_SIZE",
    "MPI_LOCALNRANKS",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "MV2_COMM_WORLD_LOCAL_SIZE",
)
_RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
_SUPPORTED = ("fp16", "bf16")


def num_processes() -> int:
    """Count the processes that were started together, this one included."""
    return _number(_SIZES)


def is_main_process() -> bool:
    """Whether this is the first of the processes that were started together."""
    return num_processes() == 1 or _number(_RANKS, default="0") == 0


def num_local_processes() -> int:
    """Count those of them that run on this machine."""
    return _number(_LOCAL_SIZES)


def set_master_address() -> None:
    """Set MASTER_ADDR for processes of one machine under mpirun; torchrun sets it itself."""
    if num_local_processes() == num_processes():
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")


def is_cpu_only() -> bool:
    """Whether `accelerate launch` was called with --cpu."""
    return os.environ.get("ACCELERATE_USE_CPU", "").lower() in {"true", "1", "yes"}


def with_launcher_precision(settings: TrainSettings) -> tuple[TrainSettings, list[str]]:
    """Apply accelerate's mixed_precision where `precision` is "auto"; also return warnings."""
    mixed_precision, precision = (
        os.environ.get("ACCELERATE_MIXED_PRECISION", "no").lower(),
        settings.precision,
    )
    if mixed_precision in {"no", "", precision}:
        return settings, []
    if precision != "auto":
        return settings, [
            f"accelerate's mixed_precision {mixed_precision} is ignored: precision {precision} is "
            "set."
        ]
    if mixed_precision not in _SUPPORTED:
        return settings, [
            f"accelerate's mixed_precision {mixed_precision} is not supported, so precision auto "
            "chooses; set it to bf16 or fp16."
        ]
    return settings.model_copy(update={"precision": mixed_precision}), []


def launcher_notes(precision: str, computed_in: str) -> list[str]:
    """List warnings where a run differs from the launcher's options."""
    notes: list[str] = []
    if os.environ.get("ACCELERATE_MIXED_PRECISION", "").lower() == "no" and (
        precision == "auto" and computed_in != "fp32"
    ):
        notes.append(
            f'accelerate\'s mixed_precision "no" is ignored: precision auto chose '
            f"{computed_in}; train in full precision with --precision fp32."
        )
    # For several processes accelerate names an address; without mpirun it still starts but one.
    if is_cpu_only() and "MASTER_ADDR" in os.environ and num_processes() < 2:
        notes.append(
            "accelerate launch starts one process on a CPU, whatever its num_processes; start "
            "several with torchrun --nproc-per-node 2 -m textual_inversion train."
        )
    return notes


def _number(names: tuple[str, ...], *, default: str = "1") -> int:
    found = next((os.environ[name] for name in names if os.environ.get(name)), default)
    return int(found if found.isdecimal() else default)
