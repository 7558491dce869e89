"""What the card at the end of a run leads to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from textual_inversion.errors import TrainingError
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from textual_inversion.settings import GridSettings, TrainSettings, read_settings_file
from textual_inversion.storage.paths import find_folder
from webui import jobs
from webui.event_options import HEAR_BUTTONS, QUIET
from webui.form import Form
from webui.html import paragraph
from webui.layout import Tab, page_errors
from webui.polling import Part
from webui.start.progress import card_html, card_state_key, is_over, more_steps
from webui.tabs.export import write_download
from webui.train.best import use_best
from webui.views.saved import SAVING, saved_html

Update = dict[Component | gr.Tabs, Any]


class Card:
    """The drawn card; a press of any of its buttons is one event, which says which."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.view = gr.HTML(elem_id="start-card", js_on_load=HEAR_BUTTONS + SAVING)
        self.part = Part("train", self.view, card_html, card_state_key)

    def listen(self, tabs: gr.Tabs, training: Tab, drawing: Tab, comparing: Tab) -> Any:
        """Connect the buttons with the tabs that they lead to; return their event."""
        self._tabs, self._prompt = tabs, drawing.form.by_path["prompt"]
        self._training, self._grid = training.form, comparing.form
        outputs = [
            self.view,
            tabs,
            self._prompt,
            *self._training.own_controls,
            *self._grid.own_controls,
        ]
        return self.view.click(self._act, None, outputs, **QUIET)

    def _act(self, event: gr.EventData) -> Update:
        actions: dict[str, Callable[[Run], Update]] = {
            "try": self._try,
            "best": self._best,
            "longer": self._longer,
            "compare": self._compare,
            "download": lambda run: self._download(run, str(event.which)),
        }
        with page_errors():
            run = self._runner.run("train")
            if run is None or not is_over(run) or event.do not in actions:
                raise TrainingError("This training has no result here any more; train again.")
            return actions[str(event.do)](run)

    def _try(self, run: Run) -> Update:
        return {self._tabs: gr.Tabs(selected="generate"), self._prompt: prompt_of(run)}

    def _best(self, run: Run) -> Update:
        return self._said(run, paragraph(use_best(run), style="done"))

    def _longer(self, run: Run) -> Update:
        settings = settings_of(run)
        longer = {"max_steps": run.step + more_steps(run), "resume": "latest"}
        further = TrainSettings.build(settings.model_dump(), longer)
        self._runner.start("train", jobs.training(further), name=run.name)
        return dict(zip(self._training.own_controls, placed(self._training, further), strict=True))

    def _compare(self, run: Run) -> Update:
        chosen = {"run": run_name(run), "columns": "step", "model": settings_of(run).model}
        grid = GridSettings.build(chosen)
        self._runner.start("grid", jobs.drawing_grid(grid))
        filled = dict(zip(self._grid.own_controls, placed(self._grid, grid), strict=True))
        return {self._tabs: gr.Tabs(selected="grids"), **filled}

    def _download(self, run: Run, format_name: str) -> Update:
        return self._said(run, saved_html(write_download(run.name, format_name)))

    def _said(self, run: Run, said: Markup) -> Update:
        return {self.view: card_html(run, said=said)}


def placed(form: Form[Any], settings: Any, **changes: Any) -> list[Any]:
    """Lay settings out for the controls that the form draws itself."""
    values = form.updates({**settings.model_dump(), **changes})
    named = zip(form.knobs, values, strict=True)
    return [value for knob, value in named if knob.path not in form.shared]


def settings_of(run: Run) -> TrainSettings:
    """Read the settings of a run from its folder.

    Raises:
        SettingsError: They cannot be read, or a value is wrong.
    """
    return TrainSettings.build(read_settings_file(Path(run.folder) / "settings.json"))


def prompt_of(run: Run) -> str:
    """Return the first prompt of a run's previews, with the embedding in brackets."""
    lines = settings_of(run).preview_prompt.strip().splitlines() or ["a photo of [name]"]
    return lines[0].replace("[name]", f"<{run.name}>")


def run_name(run: Run) -> str:
    """Name a run as lists of runs do: by its day and embedding below the folder of runs."""
    folder = Path(run.folder)
    is_listed = folder.parent.parent.resolve() == find_folder("runs").resolve()
    return f"{folder.parent.name}/{folder.name}" if is_listed else str(folder)
