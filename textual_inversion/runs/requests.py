"""How a running job is asked for something from outside: a stop, a save, a preview."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import Literal, get_args

from textual_inversion.storage.atomic import write_whole

Request = Literal["stop", "save", "sample", "skip"]
# What a process may be asked through its run's folder; "skip" is for pictures only.
REQUESTS: tuple[Request, ...] = ("stop", "save", "sample")
LOOK_EVERY_SECONDS = 1.0


class Control:
    """The requests of the user, checked between steps.

    They come from this process, or as files in the folder that is watched.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.converged = False
        self.asked: dict[Request, int] = dict.fromkeys(get_args(Request), 0)
        self._folder: Path | None = None
        self._looked = 0.0

    @property
    def stopping(self) -> bool:
        """Whether the job was asked to stop."""
        self._look()
        return self.stop.is_set()

    def ask(self, request: Request) -> None:
        """Ask for something; a running job answers after its step."""
        self.asked[request] += 1
        if request == "stop":
            self.stop.set()

    def watch(self, folder: Path) -> None:
        """Look for requests in a run folder from now on; older ones are forgotten."""
        for request in REQUESTS:
            _file(folder, request).unlink(missing_ok=True)
        self._folder = folder
        self._looked = time.monotonic()

    def _look(self) -> None:
        moment = time.monotonic()
        if self._folder is None or moment - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = moment
        for request in REQUESTS:
            with contextlib.suppress(OSError):
                _file(self._folder, request).unlink()
                self.ask(request)


class LinkedControl(Control):
    """The control of one of several jobs; a stop of all of them stops it as well."""

    def __init__(self, all_jobs: Control) -> None:
        super().__init__()
        self._all_jobs = all_jobs

    @property
    def stopping(self) -> bool:
        """Whether it, or all of them, were asked to stop."""
        return super().stopping or self._all_jobs.stopping


def leave_request(folder: Path, request: Request) -> None:
    """Ask the process that works in a run folder for something."""
    write_whole(_file(folder, request), b"")


def _file(folder: Path, request: Request) -> Path:
    return folder / f"{request}.request"
