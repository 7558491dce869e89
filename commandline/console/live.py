"""The screen of a run: how far it is, how it learns, and its newest preview."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer, ProgressBar, Sparkline, Static

from commandline.console.cleanup import delete, intermediates, megabytes, run_folders
from commandline.console.follow import RunFollower
from commandline.console.launch import Training
from commandline.console.picture import Picture
from commandline.console.question import Question
from textual_inversion.errors import DatasetError, StorageError, printable
from textual_inversion.images.decoding import open_picture
from textual_inversion.runs.requests import Request, leave_request
from textual_inversion.runs.state import Run, State
from textual_inversion.runs.wording import best_words, duration

_EVERY_SECONDS = 0.5
_WARNINGS = 3
_ASKED: dict[Request, str] = {
    "save": "Saves after its step.",
    "sample": "Draws its previews after its step.",
    "stop": "Stops after its step, and saves.",
}


class LiveScreen(Screen[None]):
    """Shows a run as it goes on, whoever trains it, and passes requests to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "ask('save')", "Save"),
        Binding("p", "ask('sample')", "Preview"),
        Binding("q", "stop", "Stop and save"),
        Binding("q", "close", "Quit"),
        Binding("d", "delete", "Delete checkpoints"),
        Binding("escape", "app.leave", "Back"),
    ]

    def __init__(self, folder: Path | None = None, training: Training | None = None) -> None:
        super().__init__()
        self.training = training
        self.follower = RunFollower(folder) if folder else None
        self.state: State = "loading"
        self._is_stopping = False
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Numbers on the left, the newest preview on the right."""
        yield Static(id="title", markup=False)
        yield ProgressBar(id="progress", show_eta=False)
        with Horizontal(id="run"):
            with Vertical(id="numbers"):
                yield Static(id="facts", markup=False)
                yield Static("loss", classes="caption")
                yield Sparkline([], id="losses", summary_function=_mean)
                yield Static("fixed batch", classes="caption")
                yield Sparkline([], id="fixed", summary_function=_mean)
                yield Static(id="notes", markup=False)
            with Vertical(id="preview"):
                yield Static(id="preview-caption", markup=False)
                yield Picture()
        yield Footer()

    def on_mount(self) -> None:
        """Look at the run's folder again and again."""
        self.set_interval(_EVERY_SECONDS, self.look)
        self.look()

    def look(self) -> None:
        """Read what is new and show it."""
        if self.follower is None and self.training and (folder := self.training.folder()):
            self.follower = RunFollower(folder)
        if self.follower is None:
            self._show_loading()
            return
        changed = self.follower.read()
        if changed or self._is_stopping or self.state != self.follower.state:
            self._set_state(self.follower.state)
            self._show(self.follower.run)

    @property
    def is_active(self) -> bool:
        """Whether the run is still worked on."""
        return self.state in {"loading", "running", "stopping"}

    def action_ask(self, request: Request) -> None:
        """Ask the run for something."""
        if self.follower is None or not self.is_active:
            self.notify("No training runs here.", severity="warning")
            return
        try:
            leave_request(self.follower.folder, request)
        except StorageError as error:
            self.notify(printable(str(error)), severity="error", markup=False)
        else:
            self.notify(_ASKED[request])

    def action_stop(self) -> None:
        """Stop the run and save it."""
        if self.follower is None and self.training:
            self.training.stop_loading()
        else:
            self._is_stopping = True
            self.action_ask("stop")
            self.look()

    def action_close(self) -> None:
        """Quit after the run has ended."""
        self.app.exit()

    def action_delete(self) -> None:
        """Delete checkpoints and logs after a question."""
        assert self.training
        output, logs = self.training.output, self.training.logs
        old, runs = intermediates(output), run_folders(logs)
        text = (
            f"Delete {len(old)} checkpoints and vectors of earlier steps and {len(runs)} run "
            f"folders with their logs and previews ({megabytes([*old, *runs]):.1f} MB) in {output}?"
            f" The finished embedding stays in {self.training.result}."
        )
        self.app.push_screen(Question(text), lambda yes: delete([*old, *runs]) if yes else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        del parameters
        if action == "ask":
            return self.is_active and self.follower is not None
        if action == "delete":
            return self.training is not None and not self.is_active
        return {"stop": self.is_active, "close": not self.is_active}.get(action, True)

    def _set_state(self, state: State) -> None:
        self._is_stopping = self._is_stopping and state == "running"
        self.state = "stopping" if self._is_stopping else state
        self.refresh_bindings()

    def _show_loading(self) -> None:
        assert self.training
        words = self.training.last_words()
        if self.training.has_ended:
            self._set_state("failed")
        title = "The training did not start." if self.state == "failed" else "Loading ..."
        self.query_one("#title", Static).update(title)
        self.query_one("#facts", Static).update(printable(words))

    def _show(self, run: Run) -> None:
        self.query_one("#title", Static).update(printable(f"{run.name or '...'}: {self.state}"))
        self.query_one(ProgressBar).update(total=run.total or None, progress=run.step)
        self.query_one("#facts", Static).update(printable_lines(_facts(run, self.state)))
        self.query_one("#losses", Sparkline).data = [loss for _, loss, _ in run.losses]
        self.query_one("#fixed", Sparkline).data = [reading.loss for reading in run.evaluations]
        notes = [f"Note: {warning}" for warning in run.warnings[-_WARNINGS:]]
        self.query_one("#notes", Static).update(printable_lines([*self._ending(run), *notes]))
        self._show_preview(run)

    def _ending(self, run: Run) -> list[str]:
        if self.is_active:
            return [f"Saved: {run.last_saved}"] if run.last_saved else []
        if self.state in {"failed", "killed"}:
            return [run.message if self.state == "failed" else "The program ended meanwhile."]
        copied = self.training.result if self.training else None
        return [f"Result: {copied if copied and copied.is_file() else run.result}"]

    def _show_preview(self, run: Run) -> None:
        newest = next((one for one in reversed(run.previews) if not one.without), None)
        if newest is None or newest.path == self._shown or self.follower is None:
            return
        self._shown = newest.path
        # By its name: the path in the log starts where the training was started.
        path = self.follower.folder / "images" / Path(newest.path).name
        caption = f"step {newest.step}: {newest.prompt}"
        try:
            self.query_one(Picture).show(open_picture(path))
        except DatasetError as error:
            caption = str(error)
        self.query_one("#preview-caption", Static).update(printable(caption))


def printable_lines(lines: list[str]) -> str:
    """Join lines, with control characters escaped."""
    return "\n".join(map(printable, lines))


def _facts(run: Run, state: State) -> list[str]:
    speed = run.steps_per_second if state in {"running", "stopping"} else None
    left = run.seconds_left if speed else None
    last = run.evaluations[-1] if run.evaluations else None
    pairs = {
        "step": f"{run.step} of {run.total}",
        "loss": f"{run.losses[-1][1]:.4f}" if run.losses else "",
        "fixed batch": f"{last.loss:.4f}" if last else "",
        "best": best_words(run).partition(":")[0],
        "learning rate": f"{run.learning_rate:g}" if run.learning_rate else "",
        "speed": f"{speed:.2f} steps a second" if speed else "",
        "time left": duration(left) if left else "",
    }
    return [f"{name:14}{text}" for name, text in pairs.items() if text]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
