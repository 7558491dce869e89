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
from webui.browser_storage import put_back_script, save_script, stored
from webui.event_options import UNQUEUED, WHILE_TYPING
from webui.folders.allowed import ALLOWED

Choices = Sequence[str | tuple[str, str]]
S = TypeVar("S", bound=Settings)


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
    groups: dict[str, gr.Accordion] = field(default_factory=dict)
    shared: Mapping[str, Component] = field(default_factory=dict)
    """Controls of the page that the form reads and fills, but neither draws nor keeps."""

    @property
    def own_knobs(self) -> list[Knob]:
        """List the knobs that are drawn in the form itself."""
        return [knob for knob in self.knobs if knob.path not in self.shared]

    @property
    def own_paths(self) -> list[str]:
        """List the paths of `own_knobs`."""
        return [knob.path for knob in self.own_knobs]

    @property
    def own_controls(self) -> list[Component]:
        """List the controls of `own_knobs`."""
        return [self.by_path[path] for path in self.own_paths]

    @property
    def controls(self) -> list[Component]:
        """The controls as the inputs or outputs of an event."""
        return [self.by_path[knob.path] for knob in self.knobs]

    def values(self, values: Sequence[Any]) -> dict[str, Any]:
        """Name the values that an event received for `controls`."""
        return {knob.path: value for knob, value in zip(self.knobs, values, strict=True)}

    def settings(self, values: Sequence[Any]) -> S:
        """Build settings from the controls' values; SettingsError words what is wrong."""
        named = self.values(values)
        settings = self.model.build(self.model.changed(named))
        paths = (named[k.path] or "" for k in self.knobs if k.ui.widget in {"folder", "file"})
        ALLOWED.check(*paths)
        return settings

    def updates(self, settings: Mapping[str, Any]) -> list[Any]:
        """Lay out named values for `controls`; what has no value, or a wrong one, is left alone."""
        return [_update(knob, settings.get(knob.path)) for knob in self.knobs]

    def usable(self, kept: Any) -> list[list[Any]]:
        """List for each of `own_knobs` the kept value as [value], and [] where it does not fit."""
        named = _as_names(kept)
        placed = [_update(knob, named.get(knob.path)) for knob in self.own_knobs]
        return [[] if value == gr.skip() else [value] for value in placed]

    def explain(self, react: Callable[[dict[str, Any]], str], output: Component) -> None:
        """Show what `react` says of the values, when the page opens and after each change."""

        def explained(kept: Any, *shared: Any) -> str:
            return react({**self.known(kept), **dict(zip(self.shared, shared, strict=True))})

        gr.on(None, explained, [self.kept, *self.shared.values()], output, **WHILE_TYPING)

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
    shared: Mapping[str, Component] | None = None,
    heads: Mapping[str, Callable[[], object]] | None = None,
    below: Mapping[str, Callable[[Component], object]] | None = None,
) -> Form[S]:
    """Draw the controls of `model` here; a line for remarks follows each of the paths in `notes`.

    `choices` fills the drop-downs by kind of widget ("model", "template", "embedding"); `initial`
    replaces defaults, or gives required fields something to start with. The paths in `shared` are
    not drawn: their controls stand elsewhere on the page. `heads` draw what else a group begins
    with, `below` more below a control.
    """
    knobs = tuple(walk(model))
    values = {knob.path: (initial or {}).get(knob.path, knob.default) for knob in knobs}
    # A tab that was not visited yet reads nothing from the browser: `remember` draws it outside.
    kept = stored(job, "", render=False)
    elsewhere = dict(shared or {})
    form = Form(job, model, knobs, values, kept, by_path=dict(elsewhere), shared=elsewhere)
    paint = _Painter(form, dict(choices or {}), frozenset(notes), dict(below or {}))
    paint.rows(knob for knob in form.own_knobs if not knob.ui.advanced)
    for group in dict.fromkeys(knob.ui.group for knob in form.own_knobs if knob.ui.advanced):
        slug = group.lower().replace(" ", "-")
        with gr.Accordion(group, open=False, elem_id=f"{job}-{slug}-part") as folded:
            if heads and group in heads:
                heads[group]()
            paint.rows(knob for knob in form.own_knobs if knob.ui.group == group)
        form.groups[group] = folded
    return form


def remember(page: gr.Blocks, forms: Sequence[Form[Any]]) -> Any:
    """Keep what is typed in the browser; give the event that puts it back on a reload.

    The server only checks what was kept; the browser puts it back.
    """
    checked = gr.JSON([], visible=False)
    for form in forms:
        form.kept.render()
        changes = [control.change for control in form.own_controls]  # pyright: ignore
        script = save_script(form.own_paths)
        gr.on(changes, None, form.own_controls, form.kept, js=script, **WHILE_TYPING)
    opened = page.load(
        lambda *saved: [form.usable(kept) for form, kept in zip(forms, saved, strict=True)],
        [form.kept for form in forms],
        checked,
        **UNQUEUED,
    )
    controls = [control for form in forms for control in form.own_controls]
    script = put_back_script([{p: form.initial[p] for p in form.own_paths} for form in forms])
    # What was typed in the meantime is kept as well.
    filled = [*controls, *(form.kept for form in forms)]
    return opened.then(None, [checked, *controls], filled, js=script, **UNQUEUED)


def _as_names(kept: Any) -> dict[str, Any]:
    """Read what the browser keeps: JSON, or the object itself from before."""
    try:
        named = json.loads(kept) if isinstance(kept, str) else kept
    except ValueError:
        return {}
    return named if isinstance(named, dict) else {}


def _update(knob: Knob, value: Any) -> Any:
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
    below: dict[str, Callable[[Component], object]]

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
        if knob.path in self.below:
            self.below[knob.path](self.form.by_path[knob.path])


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
    # Gradio would round to a whole number without a word; the settings say that it must be one.
    step = knob.ui.step or (1 if knob.kind == "int" else 0.01)
    if knob.ui.widget == "slider" and knob.minimum is not None and knob.maximum is not None:
        return gr.Slider(knob.minimum, knob.maximum, step=step, precision=None, **shared)
    return gr.Number(step=step, precision=None, **shared)
