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
