"""A run by the name that somebody gives it, with all that its folder tells of it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual_inversion.errors import SettingsError, TrainingError
from textual_inversion.events import Previewed
from textual_inversion.names import nearest, strip_brackets
from textual_inversion.runs.folder import LOG, is_running, run_folders, run_key
from textual_inversion.runs.state import Run, read_run
from textual_inversion.settings import read_settings_file
from textual_inversion.storage.atomic import os_errors


@dataclass(frozen=True)
class PastRun:
    """A run as its folder tells it; `settings` are empty where they cannot be read."""

    folder: Path
    run: Run
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """How lists name it: <day>/<folder>."""
        return run_key(self.folder)

    def picture(self, preview: Previewed) -> Path:
        """Return where a preview lies now: a run may have moved since it noted the path."""
        own = self.folder / "images" / Path(preview.path).name
        return own if own.is_file() else Path(preview.path)


def find_run(log_dir: Path, name: str) -> Path:
    """Find a run by its folder, by <day>/<folder>, or by its embedding, of which the newest counts.

    Raises:
        TrainingError: There is none.
    """
    if (Path(name) / LOG).is_file():
        # Its day and name also where somebody stands in it.
        return Path(os.path.realpath(name))
    folders, wanted = run_folders(log_dir), strip_brackets(name)
    for folder in folders:
        if wanted in {run_key(folder), folder.name}:
            return folder
    near = nearest(wanted, {folder.name for folder in folders})
    advice = f"choose {' or '.join(near)}" if near else "ti status --all lists all there are"
    raise TrainingError(f'There is no run "{name}" in {log_dir}; {advice}.')


def read_past(folder: Path) -> PastRun:
    """Read a run from its folder, whether it is over or not.

    Raises:
        StorageError: Its log cannot be read.
    """
    with os_errors(folder, doing="read the run in"):
        run = read_run(folder)
    if is_running(folder):
        run.state, run.message = "running", "Running."
    settings: dict[str, Any] = {}
    with suppress(SettingsError):
        settings = read_settings_file(folder / "settings.json")
    return PastRun(folder, run, settings)
