"""Deterministic PyTorch kernels, so that a resumed run ends with the same vectors.

Sums whose order depends on the timing of threads differ in the last bit, and so would the runs.
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

_torch_flags: Any = torch.utils.deterministic  # its switch is not declared
_NAMED = re.compile(r"^\W*([\w:.]+(?: \w+)*?) (?:does not have|defaults to)")


def prepare_cuda() -> None:
    """Make cuBLAS deterministic; it reads the variable once, before its first product."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


class DeterministicKernels:
    """Deterministic kernels within a block, which may be entered any number of times.

    After each block PyTorch's flags are restored, so that other jobs are not affected. `warnings`
    names the operations that have no such kernel.
    """

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self._num_named = 0
        self._left = ExitStack()

    def __enter__(self) -> None:
        self._left.enter_context(_deterministic_kernels())
        self._left.enter_context(_collect_operations(self._found))

    def __exit__(self, *_: object) -> None:
        self._left.close()

    def warnings(self) -> list[Warned]:
        """Return a warning for each operation found since the last call."""
        new = list(self._found)[self._num_named :]
        self._num_named = len(self._found)
        return [
            Warned(
                f"PyTorch has no deterministic kernel here for {operation}; a run that is killed "
                "and resumed may end with slightly different vectors than an uninterrupted one."
            )
            for operation in new
        ]


@contextmanager
def _deterministic_kernels() -> Iterator[None]:
    was_on = torch.are_deterministic_algorithms_enabled()
    was_warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = _torch_flags.fill_uninitialized_memory
    # Filling new memory costs time at every operation and only helps to find reads of garbage.
    _torch_flags.fill_uninitialized_memory = False
    torch.use_deterministic_algorithms(True, warn_only=True)  # noqa: FBT003 - torch's own
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was_on, warn_only=was_warn_only)
        _torch_flags.fill_uninitialized_memory = filled


@contextmanager
def _collect_operations(operations: dict[str, None]) -> Iterator[None]:
    """Collect the operations that PyTorch warns are nondeterministic; pass other warnings on.

    `showwarning` is replaced rather than the filters, which would repeat warnings already issued.
    """
    show = warnings.showwarning

    def collect(message: Any, *args: Any, **more: Any) -> None:
        if "determinis" in str(message):
            operations.setdefault(_operation(str(message)))
        else:
            show(message, *args, **more)

    warnings.showwarning = collect
    try:
        yield
    finally:
        warnings.showwarning = show


def _operation(message: str) -> str:
    """Extract the operation from PyTorch's message."""
    if "CUBLAS_WORKSPACE_CONFIG" in message:
        return "cuBLAS, which was in use before CUBLAS_WORKSPACE_CONFIG was set to :4096:8"
    named = _NAMED.match(message)
    return named[1] if named else " ".join(message.split())[:100].rstrip(".")
