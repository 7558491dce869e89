"""The training form in the terminal, and the screen of a run. Textual is loaded when one opens.

The form starts `ti invokeai` in a process of its own, and the screen reads the run's folder, as the
page and `ti status` do: so a training outlives the terminal, and any run can be looked at.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from textual_inversion.errors import SettingsError
from textual_inversion.storage.paths import find_folder


def open_form(given: dict[str, Any], log_dir: str = "runs") -> int:
    """Open the form, filled in by `given`, the flags of `ti invokeai`; return the exit code.

    Raises:
        SettingsError: Textual is not installed, or this is no terminal.
    """
    _check_terminal()
    from commandline.console.app import ConsoleApp

    return _run(ConsoleApp(given, find_folder(log_dir)))


def follow_run(name: str, log_dir: str, given: dict[str, Any]) -> int:
    """Open the screen of a run, named by its embedding or folder; return the exit code.

    Raises:
        TrainingError: There is no such run.
        SettingsError: Textual is not installed, or this is no terminal.
    """
    from commandline.compat.invokeai_root import base_folder, find_root
    from commandline.console.follow import find_run, log_folders

    root = find_root(given.get("root_dir"))
    folder = find_run(name, log_folders(find_folder(log_dir), base_folder(root)))
    _check_terminal()
    from commandline.console.app import ConsoleApp

    return _run(ConsoleApp(given, find_folder(log_dir), folder=folder))


def _check_terminal() -> None:
    packages = ("textual", "textual_image")
    if any(importlib.util.find_spec(package) is None for package in packages):
        raise SettingsError(
            "The console form needs Textual, which is not installed; run "
            'pip install "textual-inversion-webui[console]".'
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SettingsError(
            "The console form needs a terminal, and this is none; train by flags instead: "
            "ti invokeai --help."
        )


def _run(app: Any) -> int:
    app.run()
    for folder in app.left_running:
        print(f"The training goes on; look at it again with: ti console {_shown(folder)}")
    return app.return_code or 0


def _shown(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
