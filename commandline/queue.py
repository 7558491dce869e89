"""`ti train --queue`: put a training into the queue, and train what waits there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from commandline.interrupts import INTERRUPTED, RUN_AGAIN, stopped_code
from textual_inversion.devices.launcher import num_processes
from textual_inversion.errors import SettingsError, TextualInversionError, TrainingError
from textual_inversion.jobs.queue import LOOK_EVERY_SECONDS, Queue
from textual_inversion.runs.folder import running_folders
from textual_inversion.runs.requests import Control, LinkedControl
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder

Train = Callable[[TrainSettings, Control], int]


def work_queue(settings: TrainSettings | None, train: Train, interrupt: Control) -> int:
    """Queue `settings` and train what waits; return the exit code, 1 when one of them failed.

    Raises:
        SettingsError: Several processes were started, and each would queue the same.
    """
    if num_processes() > 1:
        raise SettingsError("--queue is for one process; leave it out with accelerate launch.")
    queue = Queue()
    if settings is not None:
        _add(queue, settings)
    trainings = _Trainings(queue, train, interrupt)
    if not queue.work_off(trainings.work, ready=trainings.ready):
        _print(f"{_waiting(queue)} in the queue; another process works it off.")
    elif interrupt.stopping:
        if queue.waiting():
            _print(f"{_waiting(queue)} in the queue; go on with: ti train --queue")
        return stopped_code()
    return trainings.code


def _add(queue: Queue, settings: TrainSettings) -> None:
    """Queue a training; one that waits or runs already is left to that."""
    try:
        queue.add_once(settings)
    except TrainingError as error:
        _print(str(error))


class _Trainings:
    """Trains one after another and remembers whether one failed."""

    def __init__(self, queue: Queue, train: Train, interrupt: Control) -> None:
        self.queue = queue
        self.code = 0
        self._train = train
        self._interrupt = interrupt

    def ready(self) -> bool:
        """Wait for the end of trainings of other processes; False when interrupted."""
        announced = False
        while not self._interrupt.stopping:
            running = running_folders(find_folder("runs"))
            if not running:
                return True
            if not announced:
                _print(f"Waiting for the end of {', '.join(map(str, running))} ...")
            announced = True
            time.sleep(LOOK_EVERY_SECONDS)
        return False

    def work(self, settings: TrainSettings) -> bool:
        """Train; one stopped by Ctrl+C stays in the queue, one stopped by `ti stop` does not."""
        try:
            code = self._train(settings, LinkedControl(self._interrupt))
        except TextualInversionError as error:
            _print(f"{settings.embedding}: {error}")
            self.code = 1
            raise
        return not (code in {INTERRUPTED, RUN_AGAIN} and self._interrupt.stopping)


def _waiting(queue: Queue) -> str:
    number = len(queue.waiting())
    return "1 training waits" if number == 1 else f"{number} trainings wait"


def _print(text: str) -> None:
    sys.stderr.write(f"ti: {text}\n")
