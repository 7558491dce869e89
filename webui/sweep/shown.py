"""The sweep that the page shows: the one that is trained here, or the newest on disk."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from textual_inversion.errors import StorageError, TextualInversionError
from textual_inversion.runs.folder import LOG
from textual_inversion.runs.history import RunHistory
from textual_inversion.runs.past.finding import PastRun, read_past
from textual_inversion.settings.comparison.many_runs import Rank
from textual_inversion.storage.atomic import os_errors
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.past import is_worked_on, list_sweeps, read_plan, run_names
from textual_inversion.sweeps.record import Record, record_path
from textual_inversion.sweeps.results import ENDED, Result, ResultsReader, ranked
from webui.html import paragraph
from webui.sweep.drawing import MOST_DRAWN, sweep_html
from webui.sweep.job import LiveSweep

_EMPTY = "No sweep yet. Choose settings and their values, then press Start sweep."
_FRESH_SECONDS = 0.9
_RESTING_SECONDS = 5.0
_MOST_OPENED = 4


@dataclass
class _Opened:
    """A sweep that is looked at again and again, and the logs of its runs as they were."""

    reader: ResultsReader
    past: dict[str, tuple[int, PastRun]] = field(default_factory=dict)


class ShownSweep:
    """Reads a sweep from disk once a second for all pages together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: dict[tuple[Path, int], _Opened] = {}
        self._look_again = float("-inf")
        self._state = ""
        self.live: LiveSweep | None = None
        self.rank: Rank = "loss"

    def html(self) -> Markup:
        """Draw the sweep that is trained here, else the newest."""
        path = self._current()
        return self.html_of(path) if path else paragraph(_EMPTY, style="none")

    def html_of(self, path: Path) -> Markup:
        """Draw a sweep by its record; what cannot be read is said."""
        try:
            opened = self._open(path)
            results = opened.reader.read()
            past = self._past(opened, results)
            # While it is trained, no row changes its place.
            rank: Rank = "order" if is_worked_on(path) else self.rank
            return sweep_html(opened.reader.plan, ranked(results, rank), past)
        except TextualInversionError as error:
            return paragraph(str(error), style="wrong")

    def state_key(self) -> object:
        """Mark a state of the sweep that `html` draws."""
        with self._lock:
            if time.monotonic() >= self._look_again:
                path = self._current()
                is_worked = path is not None and is_worked_on(path)
                read = [path, is_worked, self.rank, self._read(path)]
                self._state = hashlib.sha256(repr(read).encode()).hexdigest()[:16]
                fresh = _FRESH_SECONDS if is_worked else _RESTING_SECONDS
                self._look_again = time.monotonic() + fresh
        return self._state

    def forget(self) -> None:
        """Look anew at the next chance, because something was changed here."""
        self._look_again = float("-inf")

    def _read(self, path: Path | None) -> list[Result]:
        with suppress(TextualInversionError):
            return self._open(path).reader.read() if path else []
        return []

    def _current(self) -> Path | None:
        if self.live is not None:
            return record_path(self.live.plan)
        return next(iter(list_sweeps(find_folder("runs"))), None)

    def _open(self, path: Path) -> _Opened:
        # A record is written anew when a sweep of its name begins, or runs end early.
        key = (path, _stat(path).st_mtime_ns)
        if key not in self._opened:
            opened = _Opened(ResultsReader(*read_plan(path)))
            others = [*self._opened.items()][1 - _MOST_OPENED :]
            self._opened = {**dict(others), key: opened}
        return self._opened[key]

    def _past(self, opened: _Opened, results: Sequence[Result]) -> dict[str, PastRun]:
        """Read the runs whose curves are drawn: the best, in the order of the plan."""
        begun = [result for result in results if result.folder is not None]
        best = {result.name for result in ranked(begun, "loss")[:MOST_DRAWN]}
        drawn = [result for result in begun if result.name in best]
        return {result.name: self._past_run(opened, result) for result in drawn}

    def _past_run(self, opened: _Opened, result: Result) -> PastRun:
        """Read a run; one that is trained here is in memory."""
        folder = result.folder or Path()
        live = self.live
        if live is not None and record_path(live.plan) == opened.reader.record.path:
            run = live.runs.get(result.name)
            if run is not None and run.has_begun:
                return PastRun(folder, run)
        size = _stat(folder / LOG).st_size
        known = opened.past.get(result.name)
        if known is None or known[0] != size:
            known = (size, read_past(folder))
            opened.past[result.name] = known
        return known[1]


def list_offers() -> list[tuple[str, str]]:
    """List the sweeps on disk as (label, name), with how many of their runs are left."""
    log_dir = find_folder("runs")
    ended = {row.name for row in RunHistory(log_dir).rows() if row.state in ENDED}
    offers: list[tuple[str, str]] = []
    for path in list_sweeps(log_dir):
        with suppress(TextualInversionError):
            names = run_names(path)
            early = {name for names in Record(path, 0.0).judged().values() for name in names}
            left = sum(name not in ended | early for name in names)
            count = f"{len(names)} run{'s' if len(names) != 1 else ''}"
            offers.append((f"{path.stem} · {count}{f', {left} left' if left else ''}", path.stem))
    return offers


def find_record(name: str) -> Path:
    """Find the record of a sweep that the page's list names.

    Raises:
        StorageError: It is not there.
    """
    for path in list_sweeps(find_folder("runs")):
        if path.stem == name:
            return path
    raise StorageError(f'There is no sweep "{name[:60]}" any more.')


def _stat(path: Path) -> os.stat_result:
    with os_errors(path, doing="read"):
        return path.stat()
