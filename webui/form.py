"""Knobs drawn as controls, and controls' values read back as settings.

The form lists no field of its own: labels, hints, bounds, rows and order come from the knobs, and
pydantic alone says whether the values are right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Generic, TypeVar

import gradio as gr
from gradio.components import Component

from textual_inversion.settings import Settings
from textual_inversion.settings.knobs import Knob, walk
from webui.event_options import UNQUEUED, WHILE_TYPING

Choices = Sequence[str | tuple[str, str]]
S = TypeVar("S", bound=Settings)
BROWSER_SECRET = "only-hides-from-a-glance"
"""With this the browser keeps what is typed: a fixed one, so that a restart does not lose it."""


@dataclass(frozen=True)
class Form(Generic[S]):
    """The controls of one job, in the order of the settings' declaration."""

    job: str
    model: type[S]
    knobs: tuple[Knob, ...]
    initial: Mapping[str, Any]
    kept: gr.BrowserState
    by_path: dict[str, Component] = field(default_factory=dict)
    notes: dict[str, gr.HTML] = field(default_factory=dict)

    @property
    def controls(self) -> list[Component]:
        """Give the controls as the inputs or outputs of an event."""
        return [self.by_path[knob.path] for knob in self.knobs]

    def values(self, values: Sequence[Any]) -> dict[str, Any]:
        """Name the values that an event received for `controls`."""
        return {knob.path: value for knob, value in zip(self.knobs, values, strict=True)}

    def settings(self, values: Sequence[Any]) -> S:
        """Build settings from the controls' values; SettingsError words what is wrong."""
        return self.model.build(self.model.changed(self.values(values)))

    def place(self, settings: Mapping[str, Any]) -> list[Any]:
        """Lay out named values for `controls`; what has no value, or a wrong one, is left alone."""
        return [_placed(knob, settings.get(knob.path)) for knob in self.knobs]

    def explain(self, react: Callable[[dict[str, Any]], str], output: Component) -> None:
        """Show what `react` says of the values, when the page opens and after each change."""
        gr.on(None, lambda kept: react(self.known(kept)), self.kept, output, **WHILE_TYPING)

    def known(self, kept: Any) -> dict[str, Any]:
        """Name the values that the browser keeps; it may know other fields than this version."""
        return {**self.initial, **{k: v for k, v in _as_names(kept).items() if k in self.initial}}


def draw_form(
    job: str,
    model: type[S],
    *,
    choices: Mapping[str, Choices] | None = None,
    initial: Mapping[str, Any] | None = None,
    notes: Iterable[str] = (),
) -> Form[S]:
    """Draw the controls of `model` here; a line for remarks follows each of the paths in `notes`.

    `choices` fills the drop-downs by kind of widget ("model", "template", "embedding"); `initial`
    replaces defaults, or gives required fields something to start with.
    """
    knobs = tuple(walk(model))
    values = {knob.path: (initial or {}).get(knob.path, knob.default) for knob in knobs}
    # A tab that was not visited yet reads nothing from the browser: `remember` draws it outside.
    key = f"textual-inversion-{job}"
    kept = gr.BrowserState({}, storage_key=key, secret=BROWSER_SECRET, render=False)
    form = Form(job, model, knobs, values, kept)
    paint = _Painter(form, dict(choices or {}), frozenset(notes))
    paint.rows(knob for knob in form.knobs if not knob.ui.advanced)
    for group in dict.fromkeys(knob.ui.group for knob in form.knobs if knob.ui.advanced):
        slug = group.lower().replace(" ", "-")
        with gr.Accordion(group, open=False, elem_id=f"{job}-{slug}-part"):
            paint.rows(knob for knob in form.knobs if knob.ui.group == group)
    return form


def remember(page: gr.Blocks, forms: Sequence[Form[Any]]) -> Any:
    """Keep what is typed in the browser; give the event that puts it back on a reload."""
    for form in forms:
        form.kept.render()
        _keep(form)
    restored = page.load(
        lambda *saved: [
            value
            for form, kept in zip(forms, saved, strict=True)
            for value in form.place(_as_names(kept))
        ],
        [form.kept for form in forms],
        [control for form in forms for control in form.controls],
        **UNQUEUED,
    )
    restored.then(None, js="() => { window.formsAreRestored = true }", **UNQUEUED)
    return restored


def _keep(form: Form[Any]) -> None:
    """Name the values in the browser: the server need not hear of each keystroke.

    Controls also tell of their first values, which must not replace what is kept.
    """
    paths = json.dumps([knob.path for knob in form.knobs])
    named = f"Object.fromEntries({paths}.map((path, at) => [path, values[at]]))"
    script = f"(...values) => window.formsAreRestored ? {named} : undefined"
    changes = [control.change for control in form.controls]  # pyright: ignore
    gr.on(changes, None, form.controls, form.kept, js=script, **WHILE_TYPING)


def _as_names(kept: Any) -> dict[str, Any]:
    return kept if isinstance(kept, dict) else {}


def _placed(knob: Knob, value: Any) -> Any:
    """Accept a kept value of the knob's type; one kept by another version may not fit."""
    if knob.kind == "multi":
        return [one for one in value if one in knob.choices] if _is_list(value) else gr.skip()
    kinds = {"bool": (bool,), "int": (int,), "float": (int, float)}
    fits = isinstance(value, kinds.get(knob.kind, (str,)))
    fits = fits and isinstance(value, bool) == (knob.kind == "bool")
    fits = fits and (not knob.choices or value in knob.choices)
    return value if fits else gr.skip()


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


@dataclass(frozen=True)
class _Painter:
    form: Form[Any]
    choices: dict[str, Choices]
    notes: frozenset[str]

    def rows(self, knobs: Iterable[Knob]) -> None:
        """Draw neighbours that share a row side by side, and everything else below each other."""
        for row, members in _grouped(knobs):
            if row:
                with gr.Row(elem_classes="ti-row"):
                    for knob in members:
                        self.control(knob)
            else:
                self.control(members[0])

    def control(self, knob: Knob) -> None:
        """Draw one knob, and its line for remarks where one was asked for."""
        value = self.form.initial[knob.path]
        shared = {
            "value": value,
            "label": knob.ui.label,
            "info": knob.help,
            "elem_id": f"{self.form.job}-{knob.path}",
            "min_width": 240 if knob.ui.widget == "slider" else 130,
        }
        self.form.by_path[knob.path] = _component(knob, shared, self.choices)
        if knob.path in self.notes:
            note = gr.HTML(elem_id=f"{self.form.job}-{knob.path}-note", elem_classes="ti-note")
            self.form.notes[knob.path] = note


def _grouped(knobs: Iterable[Knob]) -> Iterator[tuple[str, list[Knob]]]:
    for row, members in groupby(knobs, key=lambda knob: knob.ui.row):
        if row:
            yield row, list(members)
        else:
            yield from (("", [knob]) for knob in members)


def _component(knob: Knob, shared: dict[str, Any], choices: Mapping[str, Choices]) -> Component:
    if knob.ui.widget in choices:
        listed = choices[knob.ui.widget]
        # Any folder or file may be typed as well; the core says what is wrong with it.
        return gr.Dropdown(list(listed), allow_custom_value=True, **shared)
    match knob.kind:
        case "bool":
            return gr.Checkbox(**shared)
        case "choice":
            return _choice(knob, shared)
        case "multi":
            # Drop-downs keep the order of choosing; check boxes do not.
            chosen = {**shared, "value": list(shared["value"])}
            return gr.Dropdown(list(knob.choices), multiselect=True, **chosen)
        case "int" | "float":
            return _number(knob, shared)
        case _:
            return gr.Textbox(lines=2 if knob.ui.widget == "area" else 1, **shared)


def _choice(knob: Knob, shared: dict[str, Any]) -> Component:
    options = list(knob.choices)
    roomy = len(options) <= 4 and not knob.ui.row
    return gr.Radio(options, **shared) if roomy else gr.Dropdown(options, **shared)


def _number(knob: Knob, shared: dict[str, Any]) -> Component:
    step = knob.ui.step or (1 if knob.kind == "int" else 0.01)
    if knob.ui.widget == "slider" and knob.minimum is not None and knob.maximum is not None:
        precision = 0 if knob.kind == "int" else None
        return gr.Slider(knob.minimum, knob.maximum, step=step, precision=precision, **shared)
    precision = 0 if knob.kind == "int" else None
    return gr.Number(step=step, precision=precision, **shared)
