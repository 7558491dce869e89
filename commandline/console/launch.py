"""A training in a process of its own: its command line, and what it says before it has a folder."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from commandline.compat.invokeai import make_plan
from commandline.compat.invokeai_flags import DEFAULTS
from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.errors import StorageError
from textual_inversion.runs.folder import running_folders
from textual_inversion.runs.state import newest_run_folder
from textual_inversion.settings import ConsoleSettings
from textual_inversion.storage.atomic import explain

_LOG = "console.log"
# Flags that the form decides in other words.
_DECIDED = {"resume_from_checkpoint", "num_train_epochs"}


def flags_for(
    settings: ConsoleSettings, root: Path | None, given: dict[str, Any]
) -> dict[str, Any]:
    """Return the form's values as flags of `ti invokeai`, behind those `given` without a field."""
    flags = {name: value for name, value in settings.model_dump().items() if name in DEFAULTS}
    del flags["num_train_epochs"]  # it has set the steps
    flags |= {"resolution": 0 if settings.resolution == "model" else int(settings.resolution)}
    flags |= {"only_save_embeds": True} | ({"root_dir": str(root)} if root else {})
    checkpoint = given.get("resume_from_checkpoint") or "latest"
    flags |= {"resume_from_checkpoint": checkpoint} if settings.resume else {}
    more = {name: value for name, value in given.items() if name not in _DECIDED}
    return more | flags


def command_line(flags: dict[str, Any]) -> list[str]:
    """Write flags as the words of a command."""
    words: list[str] = []
    for name, value in flags.items():
        if value is True:
            words.append(f"--{name}")
        elif value is False:
            words += [f"--no-{name}"] if DEFAULTS[name] else []
        else:
            words.append(f"--{name}={value}")
    return words


@dataclass
class Training:
    """A training that was started from the form."""

    process: subprocess.Popen[bytes]
    output: Path
    logs: Path
    result: Path
    started: float = field(default_factory=time.time)

    @classmethod
    def start(cls, settings: ConsoleSettings, root: Path | None, given: dict[str, Any]) -> Self:
        """Start `ti invokeai` with the form's values, and the flags `given` that have no field.

        Raises:
            SettingsError: The flags cannot be used together.
            StorageError: The output folder cannot be written to.
        """
        flags = flags_for(settings, root, given)
        plan = make_plan(flags)
        output, name = plan.options.output, plan.options.name
        argv = [sys.executable, "-m", "textual_inversion", "invokeai", *command_line(flags)]
        try:
            output.mkdir(parents=True, exist_ok=True)
            with (output / _LOG).open("wb") as log:
                # In a session of its own it goes on when the terminal is closed.
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise StorageError(explain(output, error, doing="start the training in")) from None
        result = plan.embeddings / FORMATS["invokeai"].file.format(name=name)
        return cls(process, output, plan.options.logs, result)

    def folder(self) -> Path | None:
        """Find the run folder; None while things are loaded."""
        running = running_folders(self.logs)
        if running or not self.has_ended:
            return running[0] if running else None
        newest = newest_run_folder(self.logs)
        return newest if newest and _changed(newest) >= self.started else None

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def last_words(self) -> str:
        """Read the last line that the process wrote."""
        text = (self.output / _LOG).read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1].removeprefix("ti: ") if lines else ""

    def stop_loading(self) -> None:
        """End the process before it trains; there is nothing to save yet."""
        self.process.terminate()


def _changed(folder: Path) -> float:
    return (folder / "events.jsonl").stat().st_mtime
