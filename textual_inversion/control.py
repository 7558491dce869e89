"""How a running job is asked for something from outside, and how jobs share the device."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from textual_inversion.files.storage import write_whole

Wish = Literal["stop", "save", "sample"]
WISHES: tuple[Wish, ...] = ("stop", "save", "sample")
LOOK_EVERY_SECONDS = 1.0


class Control:
    """The wishes of the user, checked between steps.

    They come from this process, or as files in the folder that is watched.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.converged = False
        self.asked: dict[Wish, int] = dict.fromkeys(WISHES, 0)
        self._folder: Path | None = None
        self._looked = 0.0

    @property
    def stopping(self) -> bool:
        """Tell whether the job was asked to end."""
        self._look()
        return self.stop.is_set()

    def ask(self, wish: Wish) -> None:
        """Ask for something; a running job answers after its step."""
        self.asked[wish] += 1
        if wish == "stop":
            self.stop.set()

    def watch(self, folder: Path) -> None:
        """Look for wishes in a run folder from now on; older ones are forgotten."""
        for wish in WISHES:
            _file(folder, wish).unlink(missing_ok=True)
        self._folder = folder
        self._looked = time.monotonic()

    def _look(self) -> None:
        moment = time.monotonic()
        if self._folder is None or moment - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = moment
        for wish in WISHES:
            with contextlib.suppress(OSError):
                _file(self._folder, wish).unlink()
                self.ask(wish)


def leave_wish(folder: Path, wish: Wish) -> None:
    """Ask the process that works in a run folder for something."""
    write_whole(_file(folder, wish), b"")


def _file(folder: Path, wish: Wish) -> Path:
    return folder / f"{wish}.request"


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
