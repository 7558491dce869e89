"""The progress bar of a job at a terminal. rich draws it, and is loaded when the first bar begins.

It is drawn when an event comes, never by a thread beside it: nothing is drawn while a signal is
handled or a process forks.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

_EVERY_SECONDS = 0.1


class ProgressBar:
    """One bar at the bottom of a terminal, and lines that scroll away above it."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = Console(file=out, markup=False, highlight=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}", markup=False),
            console=self._console,
            auto_refresh=False,
            # What others print goes above the bar, but never from a file to the terminal.
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("")
        self._drawn = 0.0

    def show(self, what: str, done: int, total: int, *, facts: str) -> None:
        """Move the bar; between two tenths of a second only its end is drawn."""
        self._progress.update(
            self._task, description=what, completed=done, total=total, facts=facts
        )
        self._progress.start()  # once; here, so that no empty bar is drawn
        moment = time.perf_counter()
        if done == total or moment - self._drawn >= _EVERY_SECONDS:
            self._drawn = moment
            self._progress.refresh()

    def line(self, text: str) -> None:
        """Print a line above the bar; a long one is wrapped by the terminal, not cut."""
        from rich.text import Text

        self._console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Leave the bar where it stands and give the cursor back."""
        self._progress.stop()
