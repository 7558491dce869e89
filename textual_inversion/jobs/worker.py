"""The queue's worker: works the queue off in a thread, through the Runner that pages look at."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from textual_inversion.errors import BusyError, TrainingError
from textual_inversion.jobs.queue import LOOK_EVERY_SECONDS, Queue
from textual_inversion.jobs.runner import Job, Runner
from textual_inversion.runs.folder import running_folders
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder

logger = logging.getLogger(__name__)


class QueueWorker:
    """Starts one training of the queue after another; a failure does not hold up the rest."""

    def __init__(
        self, runner: Runner, queue: Queue, make_job: Callable[[TrainSettings], Job]
    ) -> None:
        self.runner = runner
        self.queue = queue
        self._make_job = make_job
        self._lock = threading.Lock()
        self._is_awake = False
        self._is_wanted = False

    def wake(self) -> None:
        """Work the queue off, unless this or another process does already."""
        with self._lock:
            self._is_wanted = True
            if self._is_awake:
                return
            self._is_awake = True
        threading.Thread(target=self._watch, name="queue", daemon=True).start()

    def _watch(self) -> None:
        while True:
            with self._lock:
                if not self._is_wanted:
                    self._is_awake = False
                    return
                self._is_wanted = False
            try:
                self.queue.work_off(self._work, ready=self._ready)
            except Exception:
                # A thread's last line; what waits is still there.
                logger.exception("The queue could not be worked off")

    def _ready(self) -> bool:
        """Wait for the end of what trains here or elsewhere; False when the program ends."""
        while not self.runner.is_closing:
            run = self.runner.run("train")
            if not (run is not None and run.is_active) and not running_folders(find_folder("runs")):
                return True
            time.sleep(LOOK_EVERY_SECONDS)
        return False

    def _work(self, settings: TrainSettings) -> bool:
        run = self._start(settings)
        if run is None:
            return False
        self.runner.join("train")
        if run.state == "failed":
            raise TrainingError(run.message)
        return not self.runner.was_cut_off("train")

    def _start(self, settings: TrainSettings) -> Run | None:
        while self._ready():
            try:
                return self.runner.start("train", self._make_job(settings), name=settings.embedding)
            except BusyError:
                # Somebody pressed Train in between.
                continue
        return None
