"""What `accelerate launch`, torchrun and mpirun say to the processes they start.

They say it in environment variables, which this module alone reads.
"""

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
_TAKEN_OVER = ("fp16", "bf16")


def num_processes() -> int:
    """Count the processes that were started together, this one included."""
    return _number(_SIZES)


def num_local_processes() -> int:
    """Count those of them that run on this machine."""
    return _number(_LOCAL_SIZES)


def name_meeting_place() -> None:
    """Let processes of one machine that mpirun started find one another; torchrun names a place."""
    if num_local_processes() == num_processes():
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")


def wants_cpu() -> bool:
    """Tell whether `accelerate launch` was told to use the CPU only."""
    return os.environ.get("ACCELERATE_USE_CPU", "").lower() in {"true", "1", "yes"}


def with_launchers_precision(settings: TrainSettings) -> tuple[TrainSettings, list[str]]:
    """Take over accelerate's mixed_precision where precision is automatic; say what is not."""
    asked, own = os.environ.get("ACCELERATE_MIXED_PRECISION", "no").lower(), settings.precision
    if asked in {"no", "", own}:
        return settings, []
    if own != "auto":
        return settings, [f"accelerate's mixed_precision {asked} is overruled by precision {own}."]
    if asked not in _TAKEN_OVER:
        return settings, [
            f"accelerate's mixed_precision {asked} cannot be used here; precision auto chooses. "
            "Set it to bf16 or fp16."
        ]
    return settings.model_copy(update={"precision": asked}), []


def launcher_notes(precision: str, computed_in: str) -> list[str]:
    """Say where a run is not what the launcher was asked for."""
    notes: list[str] = []
    if os.environ.get("ACCELERATE_MIXED_PRECISION", "").lower() == "no" and (
        precision == "auto" and computed_in != "fp32"
    ):
        notes.append(
            f'accelerate\'s mixed_precision "no" is overruled by precision auto, which is '
            f"{computed_in} here; train in full precision with --precision fp32."
        )
    # For several processes accelerate names an address; without mpirun it still starts but one.
    if wants_cpu() and "MASTER_ADDR" in os.environ and num_processes() < 2:
        notes.append(
            "accelerate launch starts one process on a CPU, whatever its num_processes; start "
            "several with torchrun --nproc-per-node 2 -m textual_inversion train."
        )
    return notes


def _number(names: tuple[str, ...]) -> int:
    found = next((os.environ[name] for name in names if os.environ.get(name)), "1")
    return int(found) if found.isdecimal() else 1
