"""What captioners need, installed from the page: offered, asked about, then done by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from preprocessing.captioners.installing import install, installable, what_is_installed
from textual_inversion.errors import ModelError, TextualInversionError
from textual_inversion.events import Event, Finished, Loading, Started
from textual_inversion.jobs.runner import Job, Runner
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from webui.event_options import HEAR_BUTTONS, QUIET, WHILE_TYPING
from webui.folders.allowed import ALLOWED
from webui.form import Form
from webui.html import paragraph, render
from webui.polling import Part

_PUBLIC = (
    "Others can reach this page, so nothing is installed from here; install it in a terminal of "
    "this machine."
)


class Installing:
    """The offers below the field of captioners; a press asks first, a second one installs."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.view = gr.HTML(elem_id="preprocess-install", js_on_load=HEAR_BUTTONS, render=False)
        self.part = Part("install", self.view, offers_html, with_steps=False)

    def draw(self, captioners: Component) -> None:
        """Draw the offers, below the field of captioners."""
        del captioners
        self.view.render()
        self.pressed = self.view.click(self._press, None, self.view, **QUIET)

    def renew(self, form: Form[Any], needs: Callable[[dict[str, Any]], str]) -> None:
        """Say anew what captioners need when something has been installed."""

        def said(kept: Any, *shared: Any) -> str:
            return needs({**form.known(kept), **dict(zip(form.shared, shared, strict=True))})

        inputs = [form.kept, *form.shared.values()]
        self.view.change(said, inputs, form.notes["caption"], **WHILE_TYPING)

    def _press(self, event: gr.EventData) -> Markup:
        do, name = str(event.do), str(event.which)
        try:
            if do == "ask":
                return _question(name)
            if do == "install":
                _refuse_others(name)
                self._runner.start("install", installing(name), name=name)
            elif do == "stop":
                self._runner.stop("install")
        except TextualInversionError as error:
            return paragraph(str(error), style="wrong")
        return offers_html(self._runner.run("install"))


def installing(name: str) -> Job:
    """Make the job that installs what a captioner needs."""

    def job(control: Control) -> Iterator[Event]:
        yield Loading(f"what {name} needs")
        yield Started(name, 0, 0)
        for line in install(name, control.stop):
            yield Loading(f"what {name} needs: {line}")
        yield Finished(0, "stopped" if control.stopping else "finished")

    return job


def offers_html(run: Run | None) -> Markup:
    """Draw how far the installing is, or what came of it, and what else can be installed."""
    is_active = run is not None and run.is_active
    missing = [] if is_active or ALLOWED.is_public else installable()
    return render("captioners/offers", run=run, is_active=is_active, missing=missing)


def _question(name: str) -> Markup:
    _refuse_others(name)
    return render("captioners/question", name=name, what=what_is_installed(name))


def _refuse_others(name: str) -> None:
    """Refuse a page that others can reach, and what cannot be installed."""
    if ALLOWED.is_public:
        raise ModelError(_PUBLIC)
    if name not in installable():
        raise ModelError(f"{name} has its packages already.")
