"""How a running job is asked for something from outside, and how jobs share the device."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Control:
    """The wishes of the user, checked between steps."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.converged = False

    @property
    def stopping(self) -> bool:
        """Tell whether the job was asked to end."""
        return self.stop.is_set()


class Turnstile:
    """A lock that serves in the order of arrival, so that nobody who waits is passed over.

    A training takes it for each step; a picture asked for meanwhile waits for one step at most.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, hold it for the block, hand it on."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(lambda: self._waiting[0] is ticket)
        try:
            yield
        finally:
            with self._changed:
                self._waiting.popleft()
                self._changed.notify_all()
