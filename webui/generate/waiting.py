"""Pictures asked for while others are drawn: they wait, and are drawn one job after another."""

from __future__ import annotations

import logging
import threading
from collections import deque

from textual_inversion.errors import BusyError
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import GenerateSettings
from webui import jobs

logger = logging.getLogger(__name__)


class Waiting:
    """The settings of jobs to come, in memory: they end with the program."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        self._settings: deque[GenerateSettings] = deque()
        self._is_working = False

    def __len__(self) -> int:
        """Count what has not begun."""
        return len(self._settings)

    def add(self, settings: GenerateSettings) -> int:
        """Draw these when all that was asked for before is done.

        Returns how many jobs wait, these included; 0 when these have begun.
        """
        with self._lock:
            self._settings.append(settings)
            if self._is_working:
                return len(self._settings)
            # The page shows the first one at once.
            self._is_working = True
            self._start_next()
            waiting = len(self._settings)
        threading.Thread(target=self._work, name="waiting pictures", daemon=True).start()
        return waiting

    def clear(self) -> None:
        """Forget what has not begun."""
        with self._lock:
            self._settings.clear()

    def _work(self) -> None:
        try:
            while self._goes_on():
                self._runner.join("generate")
        except Exception:
            # A thread's last line; the next click begins a new one.
            logger.exception("Waiting pictures could not be drawn")
            self._is_working = False

    def _goes_on(self) -> bool:
        """Start the next one where none is drawn; False when nothing is left to wait for."""
        with self._lock:
            run = self._runner.run("generate")
            if run is not None and run.is_active:
                return True
            if not self._settings or self._runner.is_closing:
                self._is_working = False
                return False
            self._start_next()
            return True

    def _start_next(self) -> None:
        settings = self._settings[0]
        try:
            self._runner.start("generate", jobs.generating(settings), name=settings.prompt)
        except BusyError:
            return  # another one was begun elsewhere; its end is waited for
        self._settings.popleft()
