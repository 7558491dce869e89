"""The Runner: jobs in threads of the process's own, so that no page can kill them by closing.

One job of each kind works at a time; jobs of different kinds share the device by turns, a step
of one and then a step of the other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

from textual_inversion.errors import BusyError, TextualInversionError
from textual_inversion.events import Event, Failed, Started
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.runs.folder import is_running
from textual_inversion.runs.requests import Control, Request
from textual_inversion.runs.state import Run, newest_run_folder, now, read_run

Kind = Literal[
    "train",
    "sweep",
    "preprocess",
    "check",
    "probe",
    "generate",
    "grid",
    "evaluate",
    "suggest",
    "prune",
    "install",
]
Job = Callable[[Control], Iterator[Event]]
_ON_DISK: frozenset[Kind] = frozenset(("preprocess", "check", "install"))  # these need no device
logger = logging.getLogger(__name__)


class Runner:
    """Starts jobs, keeps their newest runs, and stops them."""

    def __init__(self) -> None:
        self.device = DeviceLock()
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._cut_off: set[Kind] = set()
        self._runs: dict[Kind, Run] = {}
        self._begun: dict[Kind, Run] = {}
        self._controls: dict[Kind, Control] = {}
        self._threads: dict[Kind, threading.Thread] = {}

    def run(self, kind: Kind) -> Run | None:
        """Return the newest run of a kind, running or over."""
        return self._runs.get(kind)

    def begun(self, kind: Kind) -> Run | None:
        """Return the newest run of a kind that came to its first event; a failed start has none."""
        run = self.run(kind)
        if run is not None and (run.has_begun or kind not in self._begun):
            return run
        return self._begun.get(kind)

    def start(self, kind: Kind, job: Job, *, name: str = "") -> Run:
        """Start `job`; BusyError when one of its kind still works."""
        with self._lock:
            running = self.run(kind)
            if running is not None and running.is_active:
                raise BusyError(
                    f"A job of this kind is already running ({running.name}, step {running.step} "
                    f"of {running.total}); stop it or wait for its end."
                )
            if running is not None and running.has_begun:
                self._begun[kind] = running
            run = Run(kind=kind, name=name)
            control = Control()
            self._runs[kind], self._controls[kind] = run, control
            thread = threading.Thread(
                target=self._work, args=(kind, job, run, control), name=kind, daemon=True
            )
            self._threads[kind] = thread
            thread.start()
            return run

    def ask(self, kind: Kind, request: Request) -> None:
        """Ask the job of a kind for something between its steps."""
        run = self.run(kind)
        if run is not None and run.is_active:
            self._controls[kind].ask(request)

    def stop(self, kind: Kind) -> None:
        """Ask the job of a kind to end at its next step."""
        run = self.run(kind)
        if run is not None and run.is_active:
            saving = ", then saving" if kind in ("train", "sweep") else ""
            run.state, run.message = "stopping", f"Stopping after this step{saving} …"
            run.version += 1
            self._controls[kind].ask("stop")

    def join(self, kind: Kind, timeout_seconds: float | None = None) -> None:
        """Wait until nothing of a kind works."""
        with self._lock:  # a thread in `start` cannot be joined before it runs
            thread = self._threads.get(kind)
        if thread is not None:
            thread.join(timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Stop everything, and wait until it is saved."""
        for kind, run in list(self._runs.items()):
            if run.is_active and not self._controls[kind].stop.is_set():
                self._cut_off.add(kind)
        self._closing.set()
        for kind in list(self._threads):
            self.stop(kind)
        for kind in list(self._threads):
            self.join(kind, timeout_seconds)

    @property
    def is_closing(self) -> bool:
        """Whether nothing more should be started."""
        return self._closing.is_set()

    def was_cut_off(self, kind: Kind) -> bool:
        """Whether the end of the program has stopped the job of a kind, and nobody before it."""
        run = self.run(kind)
        return kind in self._cut_off and (run is None or run.state == "stopped")

    def recover(self, log_dir: Path) -> None:
        """Show the newest run on disk again after the program was restarted."""
        folder = newest_run_folder(log_dir)
        if folder is not None and "train" not in self._runs and not is_running(folder):
            self._runs["train"] = read_run(folder)

    def _work(self, kind: Kind, job: Job, run: Run, control: Control) -> None:
        try:
            self._drive(kind, job, run, control)
        except TextualInversionError as error:
            run.apply(Failed(run.step, str(error)), now=now())
        except Exception as error:
            # A thread's last line: nobody else could tell the user.
            logger.exception("A %s job failed", kind)
            run.apply(Failed(run.step, f"{type(error).__name__}: {error}"), now=now())

    def _drive(self, kind: Kind, job: Job, run: Run, control: Control) -> None:
        """Take event after event, each in the device's turn; pictures on disk need none."""
        turn = nullcontext if kind in _ON_DISK else self.device.turn
        with turn():
            events = job(control)
        while True:
            with turn():
                event = next(events, None)
            if event is None:
                return
            was_stopping = run.state == "stopping"
            if isinstance(event, Started) and event.step:
                run.read_past(Path(event.folder))
            run.apply(event, now=now())
            if was_stopping and run.state == "running":
                run.state = "stopping"
