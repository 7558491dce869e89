"""`ti train --queue`: put a training into the queue, and work it off unless somebody does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from commandline.interrupts import INTERRUPTED
from textual_inversion.devices.launcher import num_processes
from textual_inversion.errors import SettingsError, TextualInversionError
from textual_inversion.jobs.queue import LOOK_EVERY_SECONDS, Queue
from textual_inversion.runs.folder import running_folders
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder

Train = Callable[[TrainSettings, Control], int]


def work_queue(settings: TrainSettings | None, train: Train, interrupt: Control) -> int:
    """Queue `settings`, train what waits, and give an exit code: 1 when one of them failed.

    Raises:
        SettingsError: Several processes were started, and each would queue the same.
    """
    if num_processes() > 1:
        raise SettingsError("--queue is for one process; leave it out with accelerate launch.")
    queue = Queue()
    if settings is not None:
        queue.add(settings)
    line = _Line(queue, train, interrupt)
    if not queue.work_off(line.work, ready=line.ready):
        _say(f"{len(queue.waiting())} wait; another process works the queue off.")
    elif interrupt.stopping:
        waiting = len(queue.waiting())
        if waiting:
            _say(f"{waiting} wait for another time: ti train --queue")
        return INTERRUPTED
    return line.code


class _Turn(Control):
    """One training's wishes; an interruption of the whole is its own as well."""

    def __init__(self, whole: Control) -> None:
        super().__init__()
        self._whole = whole

    @property
    def stopping(self) -> bool:
        return super().stopping or self._whole.stopping


class _Line:
    """Trains one after another and remembers whether one failed."""

    def __init__(self, queue: Queue, train: Train, interrupt: Control) -> None:
        self.queue = queue
        self.code = 0
        self._train = train
        self._interrupt = interrupt

    def ready(self) -> bool:
        """Wait for the end of what trains elsewhere."""
        said = False
        while not self._interrupt.stopping:
            running = running_folders(find_folder("runs"))
            if not running:
                return True
            if not said:
                _say(f"Waiting for the end of {', '.join(map(str, running))} ...")
            said = True
            time.sleep(LOOK_EVERY_SECONDS)
        return False

    def work(self, settings: TrainSettings) -> bool:
        """Train; what is interrupted by Ctrl+C stays in the queue, what `ti stop` ends does not."""
        try:
            code = self._train(settings, _Turn(self._interrupt))
        except TextualInversionError as error:
            _say(f"{settings.embedding}: {error}")
            self.code = 1
            raise
        return not (code == INTERRUPTED and self._interrupt.stopping)


def _say(text: str) -> None:
    sys.stderr.write(f"ti: {text}\n")
