"""New memory in large pages, which Linux hands out many times faster than small ones."""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Callable
from functools import cache

import torch

_LEAST_BYTES = 1 << 22  # two large pages: below that none may fit between its ends


def empty_like(
    tensor: torch.Tensor, dtype: torch.dtype, memory_format: torch.memory_format
) -> torch.Tensor:
    """Return a tensor of another dtype and memory format, whose numbers are still undefined.

    On Linux its memory is marked by madvise(MADV_HUGEPAGE); where the system does not take the
    mark, or elsewhere, the memory is as usual.
    """
    made = torch.empty_like(tensor, dtype=dtype, memory_format=memory_format)
    if made.nbytes >= _LEAST_BYTES and (madvise := _madvise()):
        start = -(-made.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
        end = (made.data_ptr() + made.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
        madvise(start, end - start, mmap.MADV_HUGEPAGE)
    return made


@cache
def _madvise() -> Callable[[int, int, int], int] | None:
    if sys.platform != "linux" or not hasattr(mmap, "MADV_HUGEPAGE"):
        return None
    found = ctypes.CDLL(None).madvise
    found.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return found
