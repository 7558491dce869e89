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

from textual_inversion.control import Control, Turnstile
from textual_inversion.errors import TextualInversionError, TrainingError
from textual_inversion.events import Event, Failed
from textual_inversion.runview import Run, newest_run_folder, now, read_run

Kind = Literal["train", "preprocess", "generate"]
Job = Callable[[Control], Iterator[Event]]
logger = logging.getLogger(__name__)


class Runner:
    """Starts jobs, keeps the newest `Run` of each kind, and stops them."""

    def __init__(self) -> None:
        self.device = Turnstile()
        self._lock = threading.Lock()
        self._runs: dict[Kind, Run] = {}
        self._controls: dict[Kind, Control] = {}
        self._threads: dict[Kind, threading.Thread] = {}

    def run(self, kind: Kind) -> Run | None:
        """Give the newest run of a kind, running or over."""
        return self._runs.get(kind)

    def start(self, kind: Kind, job: Job, *, name: str = "") -> Run:
        """Start `job`; TrainingError when one of its kind still works."""
        with self._lock:
            running = self._runs.get(kind)
            if running is not None and running.is_active:
                raise TrainingError(
                    f"A job of this kind is already running ({running.name}, step {running.step} "
                    f"of {running.total}); interrupt it or wait for its end."
                )
            run, control = Run(kind=kind, name=name), Control()
            self._runs[kind], self._controls[kind] = run, control
            thread = threading.Thread(
                target=self._work, args=(kind, job, run, control), name=kind, daemon=True
            )
            self._threads[kind] = thread
        thread.start()
        return run

    def stop(self, kind: Kind) -> None:
        """Ask the job of a kind to end at its next step."""
        run = self._runs.get(kind)
        if run is not None and run.is_active:
            run.state, run.message = "stopping", "Stopping after this step, then saving …"
            run.version += 1
            self._controls[kind].stop.set()

    def join(self, kind: Kind, timeout_seconds: float | None = None) -> None:
        """Wait until the job of a kind is over."""
        thread = self._threads.get(kind)
        if thread is not None:
            thread.join(timeout_seconds)

    def recover(self, log_dir: Path) -> None:
        """Show the newest run on disk again after the program was restarted."""
        folder = newest_run_folder(log_dir)
        if folder is not None:
            self._runs.setdefault("train", read_run(folder))

    def _work(self, kind: Kind, job: Job, run: Run, control: Control) -> None:
        try:
            self._drive(kind, job(control), run)
        except TextualInversionError as error:
            run.apply(Failed(run.step, str(error)), now=now())
        except Exception as error:
            # A thread's last line: nobody else could tell the user.
            logger.exception("A %s job failed", kind)
            run.apply(Failed(run.step, f"{type(error).__name__}: {error}"), now=now())

    def _drive(self, kind: Kind, events: Iterator[Event], run: Run) -> None:
        """Draw event after event, each under the device's turn; pictures on disk need none."""
        while True:
            with nullcontext() if kind == "preprocess" else self.device.turn():
                event = next(events, None)
            if event is None:
                return
            was_stopping = run.state == "stopping"
            run.apply(event, now=now())
            if was_stopping and run.state == "running":
                run.state = "stopping"
