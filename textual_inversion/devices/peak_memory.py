"""Peak memory: of the GPU where there is one, else of this process."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

import torch

_MB = 2**20
_PROCESS = Path("/proc/self")


def reset_peak() -> None:
    """Reset the peak, where the system supports it; else it stays that of the whole process."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with contextlib.suppress(OSError):
        # "5" resets the peak of the resident memory: Linux, proc(5).
        (_PROCESS / "clear_refs").write_text("5")


def peak_mb(device: torch.device) -> float | None:
    """Return the peak in MiB since `reset_peak`; None where the system has no such figure."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / _MB
    with contextlib.suppress(OSError):
        found = re.search(r"^VmHWM:\s+(\d+) kB", (_PROCESS / "status").read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024 / _MB
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MB if sys.platform == "darwin" else peak * 1024 / _MB


def peak_memory(device: torch.device) -> tuple[int, str]:
    """Return the peak in MiB and whether it is the "GPU"'s or the "process"'s; 0 if unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) >> 20, "GPU"
    if sys.platform == "win32":
        return 0, "process"
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux kilobytes.
    return peak >> (20 if sys.platform == "darwin" else 10), "process"
