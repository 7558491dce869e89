"""The Runner: jobs in threads of the process's own, so that no page can kill them by closing.

One job of each kind works at a time; jobs of different kinds share the device by turns, a step
of one and then a step of the other.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textual_inversion.control import Control, Turnstile
from textual_inversion.errors import TextualInversionError, TrainingError
from textual_inversion.events import Event, Failed
from textual_inversion.runview import Run, newest_run_folder, now, read_run

Kind = Literal["train", "preprocess", "check", "probe", "generate"]
Job = Callable[[Control], Iterator[Event]]
_ON_DISK: frozenset[Kind] = frozenset(("preprocess", "check"))  # these need no device
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """A job that waits for its turn; its settings are frozen since it was put there."""

    number: int
    name: str
    job: Job


class Runner:
    """Starts jobs one after another, keeps what can be seen of them, and stops them."""

    def __init__(self) -> None:
        self.device = Turnstile()
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._runs: dict[Kind, list[Run]] = {}
        self._controls: dict[Kind, Control] = {}
        self._threads: dict[Kind, threading.Thread] = {}
        self._queues: dict[Kind, list[Waiting]] = {}

    def run(self, kind: Kind) -> Run | None:
        """Give the newest run of a kind, running or over."""
        runs = self._runs.get(kind)
        return runs[-1] if runs else None

    def history(self, kind: Kind) -> list[Run]:
        """Give all runs of a kind that this process has seen, the oldest first."""
        return list(self._runs.get(kind, []))

    def start(self, kind: Kind, job: Job, *, name: str = "") -> Run:
        """Start `job`; TrainingError when one of its kind still works."""
        with self._lock:
            running = self.run(kind)
            if running is not None and running.is_active:
                raise TrainingError(
                    f"A job of this kind is already running ({running.name}, step {running.step} "
                    f"of {running.total}); interrupt it or wait for its end."
                )
            return self._begin(kind, job, name)

    def enqueue(self, kind: Kind, job: Job, *, name: str = "") -> Run | None:
        """Start `job`, or let it wait while another works (None); each goes on if one fails."""
        with self._lock:
            running = self.run(kind)
            if running is None or not running.is_active:
                return self._begin(kind, job, name)
            self._queue(kind).append(Waiting(next(self._numbers), name, job))
            return None

    def queued(self, kind: Kind) -> list[Waiting]:
        """List the jobs that wait, the next one first."""
        return list(self._queue(kind))

    def remove(self, kind: Kind, number: int) -> None:
        """Take a waiting job out of the queue."""
        with self._lock:
            self._queues[kind] = [job for job in self._queue(kind) if job.number != number]

    def move(self, kind: Kind, number: int, by: int) -> None:
        """Move a waiting job up (negative) or down in the queue."""
        with self._lock:
            queue = self._queue(kind)
            place = next((i for i, job in enumerate(queue) if job.number == number), None)
            if place is not None:
                queue.insert(max(0, place + by), queue.pop(place))

    def stop(self, kind: Kind) -> None:
        """Ask the job of a kind to end at its next step; what waits comes next."""
        run = self.run(kind)
        if run is not None and run.is_active:
            run.state, run.message = "stopping", "Stopping after this step, then saving …"
            run.version += 1
            self._controls[kind].stop.set()

    def join(self, kind: Kind, timeout_seconds: float | None = None) -> None:
        """Wait until nothing of a kind works or waits."""
        thread = self._threads.get(kind)
        if thread is not None:
            thread.join(timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Empty the queues, stop everything, and wait until it is saved."""
        with self._lock:
            self._queues.clear()
        for kind in list(self._threads):
            self.stop(kind)
        for kind in list(self._threads):
            self.join(kind, timeout_seconds)

    def recover(self, log_dir: Path) -> None:
        """Show the newest run on disk again after the program was restarted."""
        folder = newest_run_folder(log_dir)
        if folder is not None and "train" not in self._runs:
            self._runs["train"] = [read_run(folder)]

    def _queue(self, kind: Kind) -> list[Waiting]:
        return self._queues.setdefault(kind, [])

    def _begin(self, kind: Kind, job: Job, name: str) -> Run:
        run = self._announce(kind, name)
        thread = threading.Thread(target=self._work_all, args=(kind, job), name=kind, daemon=True)
        self._threads[kind] = thread
        thread.start()
        return run

    def _announce(self, kind: Kind, name: str) -> Run:
        run = Run(kind=kind, name=name)
        self._runs.setdefault(kind, []).append(run)
        self._controls[kind] = Control()
        return run

    def _work_all(self, kind: Kind, job: Job) -> None:
        """Work a job, then what waits behind it, until nothing does."""
        while True:
            run = self._runs[kind][-1]
            self._work(kind, job, run, self._controls[kind])
            with self._lock:
                if not self._queue(kind):
                    return
                waiting = self._queue(kind).pop(0)
                self._announce(kind, waiting.name)
                job = waiting.job

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
            with nullcontext() if kind in _ON_DISK else self.device.turn():
                event = next(events, None)
            if event is None:
                return
            was_stopping = run.state == "stopping"
            run.apply(event, now=now())
            if was_stopping and run.state == "running":
                run.state = "stopping"
