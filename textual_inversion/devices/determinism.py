"""Let PyTorch compute the same numbers whenever it is given the same, on several threads, too.

Sums whose order depends on which thread comes first differ in the last bit, so a run that goes on
after a break would end elsewhere. PyTorch has kernels that keep an order; this switches them on.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
import torch.utils.deterministic

from textual_inversion.events import Warned

_FILLS: Any = torch.utils.deterministic  # its switch is not declared
_NAMED = re.compile(r"^\W*([\w:.]+(?: \w+)*?) (?:does not have|defaults to)")


def prepare_cuda() -> None:
    """Let cuBLAS keep an order; it looks only once, before its first product."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


class DeterministicKernels:
    """Kernels that keep an order of their sums, as a context; it may be entered again and again.

    After each block everything is as it was, so that other jobs are left alone. `warnings` names
    the operations that PyTorch has no such kernel for.
    """

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self._num_named = 0
        self._left = ExitStack()

    def __enter__(self) -> None:
        self._left.enter_context(_kernels())
        self._left.enter_context(_heard(self._found))

    def __exit__(self, *_: object) -> None:
        self._left.close()

    def warnings(self) -> list[Warned]:
        """Word what was found since the last call, each operation once."""
        new = list(self._found)[self._num_named :]
        self._num_named = len(self._found)
        return [
            Warned(
                f"PyTorch keeps no order of its sums here in {operation}; a run that is killed and "
                "goes on may end with slightly other vectors than one that was not."
            )
            for operation in new
        ]


@contextmanager
def _kernels() -> Iterator[None]:
    was_on = torch.are_deterministic_algorithms_enabled()
    was_warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = _FILLS.fill_uninitialized_memory
    # Filling new memory costs time at every operation and only helps to find reads of garbage.
    _FILLS.fill_uninitialized_memory = False
    torch.use_deterministic_algorithms(True, warn_only=True)  # noqa: FBT003 - torch's own
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was_on, warn_only=was_warn_only)
        _FILLS.fill_uninitialized_memory = filled


@contextmanager
def _heard(found: dict[str, None]) -> Iterator[None]:
    """Keep PyTorch's warnings about determinism; the filters stay, or others would say theirs anew.

    Python shows a warning by calling `showwarning`, which may be replaced.
    """
    show = warnings.showwarning

    def hear(message: Any, *args: Any, **more: Any) -> None:
        if "determinis" in str(message):
            found.setdefault(_operation(str(message)))
        else:
            show(message, *args, **more)

    warnings.showwarning = hear
    try:
        yield
    finally:
        warnings.showwarning = show


def _operation(message: str) -> str:
    """Read from PyTorch's message which operation it is about."""
    if "CUBLAS_WORKSPACE_CONFIG" in message:
        return "cuBLAS, which was in use before CUBLAS_WORKSPACE_CONFIG was set to :4096:8"
    named = _NAMED.match(message)
    return named[1] if named else " ".join(message.split())[:100].rstrip(".")
