"""The wish to stop, where all nodes can ask for it. Light: it has a process of its own."""

from __future__ import annotations


class StopFlag:
    """Is raised once; a Ray actor is made of it."""

    def __init__(self) -> None:
        self._is_raised = False

    def put_up(self) -> None:
        """Ask all batches to stop."""
        self._is_raised = True

    def is_up(self) -> bool:
        """Whether all batches shall stop."""
        return self._is_raised
