"""The button that puts the settings of the run that is shown into the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import escape

from textual_inversion.errors import TrainingError
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings, read_settings_file
from webui.event_options import QUIET
from webui.form import Form
from webui.layout import page_errors
from webui.polling import Part

_FILE = "settings.json"
# How it was resumed itself is no wish of the next run's.
_LEFT_OUT = "resume"


class LoadButton:
    """The button; `listen` connects it with the form."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.button = gr.Button(
            "Load its settings", elem_id="train-load-button", min_width=110, interactive=False
        )

    @property
    def parts(self) -> list[Part]:
        """What is drawn again when it changes."""
        return [
            Part("train", self.button, _drawn, lambda run: run.folder, of_begun=True)
        ]  # fmt: skip

    def listen(self, form: Form[TrainSettings]) -> None:
        """Put what is read into the form's controls."""

        def load() -> list[Any]:
            with page_errors():
                settings = shown_settings(self._runner.begun("train"))
            gr.Info(escape(f"The form shows the settings with which {settings['embedding']} runs."))
            return form.updates(settings)

        self.button.click(load, None, form.controls, **QUIET)


def shown_settings(run: Run | None) -> dict[str, Any]:
    """Read the settings of the run that is shown as a form takes them.

    Raises:
        TrainingError: No run is shown, or it has left no settings.
        SettingsError: They cannot be read.
    """
    if run is None or not _has_settings(run):
        raise TrainingError("No run is shown whose settings could be loaded; train one first.")
    return run_settings(Path(run.folder))


def run_settings(folder: Path) -> dict[str, Any]:
    """Read the settings of a run's folder as a form takes them.

    Raises:
        SettingsError: They cannot be read.
    """
    values = read_settings_file(folder / _FILE)
    settings = TrainSettings.build(values).model_dump()
    return {path: value for path, value in settings.items() if path != _LEFT_OUT}


def _has_settings(run: Run | None) -> bool:
    return run is not None and bool(run.folder) and (Path(run.folder) / _FILE).is_file()


def _drawn(run: Run | None) -> Any:
    return gr.update(interactive=_has_settings(run))
