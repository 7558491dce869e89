"""The Start tab: three steps on the left, the run and what comes of it on the right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from textual_inversion.errors import TextualInversionError
from textual_inversion.jobs.runner import Runner
from textual_inversion.names import check_name, strip_brackets
from textual_inversion.settings import StartSettings
from textual_inversion.settings.forms.start import WORDS, Subject
from webui import choices
from webui.event_options import QUIET, UNQUEUED
from webui.folders.allowed import ALLOWED
from webui.folders.field import pictures_in
from webui.form import draw_form
from webui.generate import first_prompt
from webui.html import paragraph, render
from webui.jobs import warm
from webui.layout import Tab, lead, page_errors
from webui.polling import start_button, stop_button
from webui.start import progress
from webui.start.actions import Card, placed
from webui.start.chosen import Chosen
from webui.start.job import Planned, beginning, planned
from webui.start.picture_set import read_set
from webui.start.timing import Times, trial
from webui.views.status import sentence

_LEAD = (
    "Teach the model a word for what your pictures show. What is done here is set on the other "
    "tabs as well, where every detail can be changed."
)
_LOOK_EVERY_SECONDS = 0.5
# Other pictures may be right.
_NOTHING = "() => ''"
_NOTHING_IF_EMPTY = "text => text ? undefined : ''"


class StartTab:
    """The drawn tab, and what it does with the others."""

    def __init__(self, runner: Runner, base_model: Component) -> None:
        self.runner = runner
        self.times = Times()
        lead(_LEAD)
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="ti-card ti-steps"):
                _heading(1, "Pictures")
                self._chosen = Chosen(base_model)
                self.form = self._settings(base_model)
                self._train, self._stop = self._buttons()
            with gr.Column(scale=6, min_width=320):
                status = progress.draw_status()
                self._card = Card(runner)
                shown = progress.draw()
        self._chosen.listen(self.form.by_path["folder"])
        self._listen()
        pressed = [start_button("train", self._train), stop_button("train", self._stop)]
        self.tab = Tab(self.form, [status, self._card.part, *shown, *pressed])

    def join(
        self,
        tabs: gr.Tabs,
        creating: Tab,
        preparing: Tab,
        training: Tab,
        drawing: Tab,
        comparing: Tab,
    ) -> list[Any]:
        """Connect the tab with those that it fills; return the events after which to poll."""
        forms = [creating.form, preparing.form, training.form]
        words = gr.Textbox(visible=False)
        filled = [control for form in forms for control in form.own_controls]

        def begin(*values: Any) -> list[Any]:
            notes, plan = self._begin(values)
            if plan is None:
                return [*notes, "", *(gr.skip() for _ in filled)]
            proposed = plan.training.preview_prompt.replace("[name]", f"<{plan.creating.name}>")
            shown = placed(creating.form, plan.creating) + placed(preparing.form, plan.preparing)
            shown += placed(training.form, plan.training, resume="latest")
            return [*notes, proposed, *shown]

        begun = self._train.click(
            begin,
            self.form.controls,
            [self.form.notes["folder"], self.form.notes["name"], words, *filled],
            **QUIET,
        )
        first_prompt.propose(begun, drawing.form.by_path["prompt"], words)
        stopped = self._stop.click(lambda: self.runner.stop("train"), **UNQUEUED)
        self.pressed = self._card.listen(tabs, training, drawing, comparing)
        return [begun, stopped, self.pressed]

    def _settings(self, base_model: Component) -> Any:
        below = {
            "folder": lambda folder: (
                pictures_in(folder),
                self._chosen.view.render(),
                _heading(2, "What it is"),
            ),
            "initialization_text": lambda _: _heading(3, "Train"),
            "effort": lambda _: self._draw_times(),
        }
        return draw_form(
            "start",
            StartSettings,
            choices={"word": WORDS["subject"]},
            initial={"folder": "", "name": ""},
            notes=["folder", "name"],
            shared={"model": base_model},
            below=below,
        )

    def _draw_times(self) -> None:
        self._time = gr.HTML(elem_id="start-times", elem_classes="ti-note")
        self._measure = gr.Button(
            "Try five steps, to tell the time", size="sm", elem_id="start-measure-button"
        )
        # A line of its own: the times are drawn anew when the page has opened.
        self._trial = gr.HTML(elem_id="start-trial", elem_classes="ti-note")

    def _buttons(self) -> tuple[gr.Button, gr.Button]:
        with gr.Row(elem_classes="ti-buttons"):
            begin = gr.Button("Train", variant="primary", elem_id="start-train-button")
            stop = gr.Button("Stop", variant="stop", elem_id="start-stop-button", interactive=False)
        return begin, stop

    def _listen(self) -> None:
        form = self.form
        kind, word = form.by_path["kind"], form.by_path["initialization_text"]
        kind.input(_words, [kind, word], word, **UNQUEUED)  # pyright: ignore
        form.explain(lambda values: self._about_name(values), form.notes["name"])
        name = form.by_path["name"]
        name.change(None, name, form.notes["name"], js=_NOTHING_IF_EMPTY, **UNQUEUED)  # pyright: ignore
        changed = form.by_path["folder"].change  # pyright: ignore
        changed(None, None, form.notes["folder"], js=_NOTHING, **UNQUEUED)
        changed(None, None, self._trial, js=_NOTHING, **UNQUEUED)
        form.explain(self.times.html, self._time)
        # A run that has ended has left its times.
        self._card.view.change(
            lambda kept, model: self.times.html({**form.known(kept), "model": model}),
            [form.kept, form.by_path["model"]],
            self._time,
            **UNQUEUED,
        )
        self._measure.click(self._measured, form.controls, [self._trial, self._time], **QUIET)

    def _begin(self, values: tuple[Any, ...]) -> tuple[list[Any], Planned | None]:
        """Start what was asked for; or return what is wrong, beside the field that it is about."""
        named = self.form.values(values)
        wrong = [_folder_mistake(named), _name_mistake(named, self.runner)]
        notes = [paragraph(one, style="wrong") if one else Markup() for one in wrong]
        if any(wrong):
            return notes, None
        with page_errors():
            plan = planned(StartSettings.build(named))
            self.runner.stop("probe")
            self.runner.start("train", beginning(plan, self.runner), name=plan.creating.name)
        return notes, plan

    def _about_name(self, named: dict[str, Any]) -> Any:
        """Say what is wrong with a name while one types it.

        Of an empty one what was said stays: that it is needed, where Train was pressed while the
        page was still opening.
        """
        name = strip_brackets(named["name"] or "")
        if not name:
            return gr.skip()
        run = self.runner.run("train")
        is_shown = run is not None and run.name == name
        wrong = "" if is_shown else _name_mistake(named, self.runner)
        return paragraph(wrong, style="wrong") if wrong else Markup()

    def _measured(self, *values: Any) -> Iterator[Any]:
        """Try five steps, and tell how it goes and what they say of each choice."""
        named = self.form.values(values)
        if wrong := _folder_mistake(named):
            yield paragraph(wrong, style="wrong"), gr.skip()
            return
        with page_errors():
            job = self.times.measuring(trial(named))
            run = self.runner.start("probe", job, name="a trial")
        while run.is_active:
            yield paragraph(sentence(run, idle="")), gr.skip()
            self.runner.join("probe", _LOOK_EVERY_SECONDS)
        failed = run.state == "failed"
        remark = paragraph(run.message, style="wrong") if failed else Markup()
        yield remark, gr.skip() if failed else self.times.html(named)


def _heading(number: int, text: str) -> None:
    gr.HTML(render("start/heading", number=number, text=text))


def _words(kind: Subject, word: str | None) -> Any:
    """Offer the words of a kind; what somebody wrote stays."""
    listed = WORDS.get(kind, WORDS["subject"])
    known = {one for words in WORDS.values() for one in words}
    is_free = not (word or "").strip() or word in known - set(listed)
    return gr.update(choices=list(listed), value=listed[0] if is_free else word)


def _folder_mistake(named: dict[str, Any]) -> str:
    """Say why the pictures cannot be used; "" where they can."""
    folder = str(named["folder"] or "").strip()
    if not folder:
        return "There are no pictures yet: drop some here, or choose a sample set."
    try:
        ALLOWED.check(folder)
        read_set(folder)
    except TextualInversionError as error:
        return str(error)
    return ""


def _name_mistake(named: dict[str, Any], runner: Runner) -> str:
    """Say why the name cannot be used; "" where it can."""
    try:
        name = check_name(str(named["name"] or ""))
        if choices.find_embedding(name):
            return (
                f'There is already an embedding "{name}"; choose another name, or train it further '
                "on the Train tab."
            )
        settings = StartSettings.build(named, {"folder": "any", "name": name})
        warm(runner.device)
        from textual_inversion.embeddings.create import describe_name
        from textual_inversion.models.catalog import describe_model

        return describe_name(settings.creating(), describe_model(settings.model))
    except TextualInversionError as error:
        return str(error)
