"""The state of a job, folded from its events: the same live and from a file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from textual_inversion.events import (
    Converged,
    Evaluated,
    Event,
    Failed,
    Finished,
    Loading,
    Measured,
    Previewed,
    Progressed,
    Sampled,
    Saved,
    Started,
    Stepped,
    Throughput,
    Warned,
    from_dict,
)
from textual_inversion.runs.speed import Speed

# By these words on the page, in `ti status` and in files.
State = Literal[
    "loading", "running", "stopping", "finished", "converged", "stopped", "failed", "killed"
]
_ENDINGS: dict[str, State] = {"converged": "converged", "stopped": "stopped"}
_KILLED = "The program ended during this run; train again to go on from its checkpoint."


@dataclass
class Run:
    """One job as a page or a terminal shows it; `version` grows with every event."""

    kind: str
    name: str = ""
    state: State = "loading"
    message: str = "Waiting to start."
    step: int = 0
    total: int = 0
    first_step: int = 0
    folder: str = ""
    caption: str = ""
    live_preview: str = ""
    last_saved: str = ""
    best_path: str = ""
    result: str = ""
    learning_rate: float = 0.0
    losses: list[tuple[int, float, float]] = field(default_factory=list)
    evaluations: list[Evaluated] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    converged_step: int | None = None
    throughput: Throughput | None = None
    previews: list[Previewed] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    num_files: int = 0
    results: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    version: int = 0
    has_begun: bool = False  # a start that failed did not come as far as to its work
    _warned_at: list[int] = field(default_factory=list)
    _speed: Speed = field(default_factory=Speed)

    @property
    def is_active(self) -> bool:
        """Whether the job has not ended."""
        return self.state in {"loading", "running", "stopping"}

    @property
    def best(self) -> Evaluated | None:
        """The evaluation of the fixed batch with the lowest loss, the first of equals."""
        return min(self.evaluations, key=lambda reading: reading.loss, default=None)

    @property
    def steps_per_second(self) -> float | None:
        """The speed of this sitting's last steps; None before there are two."""
        return self._speed.per_second

    @property
    def seconds_left(self) -> float | None:
        """The time left by this sitting's average speed; None while it is not known."""
        speed = self._speed.average_per_second
        return (self.total - self.step) / speed if speed and self.is_active else None

    def apply(self, event: Event, *, now: float | None = None) -> None:
        """Fold one event in; `now` is a `perf_counter` reading, None for events of a file."""
        self.version += 1
        match event:
            case Loading(what=what):
                self.state, self.message = "loading", f"Loading {what} …"
            case Started():
                self._start(event, now)
            case Stepped():
                self._step(event, now)
            case Finished() | Failed():
                self._end(event)
            case Warned(message=message):
                self._warn(message)
            case _:
                self._collect(event, now)

    def read_past(self, folder: Path) -> None:
        """Fold in what the earlier sittings of a run that goes on have logged, but their ends."""
        log = folder / "events.jsonl"
        for event in read_events(log.read_bytes().splitlines() if log.is_file() else []):
            if not isinstance(event, Loading | Sampled | Finished | Failed):
                self.apply(event)

    def _warn(self, message: str) -> None:
        # Each sitting of a run says again what is wrong with its settings.
        if message not in self.warnings:
            self.warnings.append(message)
            self._warned_at.append(self.step)

    def _start(self, event: Started, now: float | None) -> None:
        self.name, self.folder, self.total = event.name, event.folder, event.total
        self.step = self.first_step = event.step
        self.state, self.message, self.has_begun = "running", "Running.", True
        # A resumed run repeats what it did after its checkpoint.
        self.losses = [row for row in self.losses if row[0] <= event.step]
        self.evaluations = [e for e in self.evaluations if e.step <= event.step]
        self.measured = [m for m in self.measured if m.step <= event.step]
        if self.converged_step is not None and self.converged_step > event.step:
            self.converged_step = None
        self.previews = [p for p in self.previews if p.without or p.step <= event.step]
        warned = list(zip(self._warned_at, self.warnings, strict=True))
        self.warnings = [message for step, message in warned if step <= event.step]
        self._warned_at = [step for step, _ in warned if step <= event.step]
        self._speed.begin(event.step, now or 0.0)
        if now is None:  # the steps in a file have their seconds since here
            self._speed.step(event.step, 0.0)

    def _step(self, event: Stepped, now: float | None) -> None:
        self.step, self.total = event.step, event.total
        self.learning_rate, self.caption = event.learning_rate, event.caption
        if event.loss is not None:
            self.losses.append((event.step, event.loss, event.learning_rate))
        self._speed.step(event.step, event.seconds if now is None else now)

    def _end(self, event: Finished | Failed) -> None:
        # A job over a folder has reported its items; `event.step` counts the files it wrote.
        if not any(source for source, _ in self.results):
            self.step = event.step or self.step
        self.live_preview = ""
        if isinstance(event, Failed):
            self.state, self.message = "failed", event.message
        else:
            self.state = _ENDINGS.get(event.reason, "finished")
            self.result = event.path
            self.message = f"{self.state.capitalize()}."

    def _collect(self, event: Event, now: float | None) -> None:
        match event:
            case Evaluated() | Measured() | Converged() | Throughput():
                self._read(event)
            case Previewed():
                self.previews.append(event)
            case Saved():
                self._save(event)
            case Sampled():
                self.step, self.total, self.live_preview = event.step, event.total, event.preview
                if now is not None:
                    self._speed.step(event.step, now)
            case Progressed():
                self._progress(event, now)
            case _:
                pass

    def _progress(self, event: Progressed, now: float | None) -> None:
        if now is not None:
            self._speed.item(event.done, now, was_loading=self.state == "loading")
        if self.state == "loading":  # what was loaded between two items is there now
            self.state, self.message = "running", "Running."
        self.step, self.total = event.done, event.total
        if event.path:
            self.files.append(event.path)
            self.num_files += event.num_files
            self.results.append((event.source, (event.path, *event.others)))

    def _save(self, event: Saved) -> None:
        if event.kind == "best":
            self.best_path = event.path
        else:
            self.last_saved = event.path

    def _read(self, event: Evaluated | Measured | Converged | Throughput) -> None:
        match event:
            case Evaluated():
                self.evaluations.append(event)
            case Measured():
                # Long runs measure often: those at which a word changed stay, and the newest.
                if [m.nearest for m in self.measured[-2:]] == [event.nearest] * 2:
                    self.measured.pop()
                self.measured.append(event)
            case Converged(step=step):
                self.converged_step = step
            case Throughput():
                self.throughput = event


def read_run(folder: Path) -> Run:
    """Fold the events.jsonl of a run folder in which no process works."""
    run = Run(kind="train")
    for event in read_events((folder / "events.jsonl").read_bytes().splitlines()):
        run.apply(event)
    run.state = state_on_disk(run, works=False)
    if run.state == "killed":
        run.message = _KILLED
    return run


def state_on_disk(run: Run, *, works: bool) -> State:
    """Name the state of a run folded from its file; `works` if a process works in its folder."""
    if works:
        return "running"
    return "killed" if run.is_active else run.state


def read_events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Read the lines of an events.jsonl, but for those that were cut short or are not known."""
    for line in lines:
        try:
            event = from_dict(json.loads(line))
        except ValueError:  # a line that was being written when the machine went down
            continue
        if event is not None:
            yield event


def newest_run_folder(log_dir: Path) -> Path | None:
    """Find the run folder under `log_dir` whose events are the newest."""
    logs = list(log_dir.glob("*/*/events.jsonl"))
    return max(logs, key=lambda path: path.stat().st_mtime).parent if logs else None


def now() -> float:
    """Read the clock that `Run.apply` expects."""
    return time.perf_counter()
