"""The console's application: the form first, or the screen of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual import on
from textual.app import App

from commandline.compat.invokeai_root import base_folder, find_root
from commandline.console.follow import log_folders
from commandline.console.form import FormScreen
from commandline.console.launch import Training
from commandline.console.live import LiveScreen
from commandline.console.runs import RunsScreen

_ONE_SCREEN = 2  # Textual's own, and the first of ours


class ConsoleApp(App[None]):
    """The training form, and the screens of runs that it leads to."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    TITLE = "Textual inversion"

    def __init__(self, given: dict[str, Any], log_dir: Path, folder: Path | None = None) -> None:
        super().__init__()
        self.animation_level = "none"  # nothing to wait for, over a slow line either
        self.given, self.log_dir, self.folder = given, log_dir, folder
        self.root = find_root(given.get("root_dir"))
        self._trainings: list[Training] = []

    def on_mount(self) -> None:
        """Open the first screen."""
        first = LiveScreen(self.folder) if self.folder else FormScreen(self.given, self.root)
        self.push_screen(first)

    @property
    def left_running(self) -> list[Path]:
        """The trainings of this form that still go on: their run folders, or output folders."""
        return [
            training.folder() or training.output
            for training in self._trainings
            if not training.has_ended
        ]

    @on(FormScreen.Started)
    def _show(self, message: FormScreen.Started) -> None:
        self._trainings.append(message.training)
        self.push_screen(LiveScreen(training=message.training))

    def action_leave(self) -> None:
        """Go back to the screen before; from the first one, end."""
        if len(self.screen_stack) > _ONE_SCREEN:
            self.pop_screen()
        else:
            self.exit()

    def action_runs(self) -> None:
        """List the runs."""
        self.push_screen(RunsScreen(log_folders(self.log_dir, base_folder(self.root))))
