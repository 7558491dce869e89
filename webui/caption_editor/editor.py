"""The caption editor at work: what its controls do to the drafts, and what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.components import Component

from preprocessing.captions.drafts import Draft
from textual_inversion.jobs.device_lock import DeviceLock
from webui.browser_storage import stored
from webui.caption_editor import address, rendering
from webui.caption_editor.actions import CHANGES, STEPS, Edit, Make, Step, can
from webui.caption_editor.controls import Fields
from webui.caption_editor.drafts import Drafts
from webui.caption_editor.rendering import View
from webui.caption_editor.token_counts import no_count, token_counter
from webui.event_options import QUIET, UNQUEUED, WHILE_TYPING
from webui.folders.allowed import ALLOWED, real
from webui.jobs import is_warm, warm
from webui.layout import refusals_as_toasts

_EVERY_ONE: dict[str, Any] = {**UNQUEUED, "trigger_mode": "multiple"}


class Editor:
    """The editor; `model` is the control that names whose tokens are counted."""

    def __init__(self, device: DeviceLock, model: Component) -> None:
        self.drafts = Drafts()
        self.device = device
        self.fields = fields = Fields()
        self.inputs = [fields.view, fields.caption, model]
        self.opening = [fields.folder, fields.show, fields.tag, model]
        self._listen()
        self._listen_to_changes()

    def restore(self, page: gr.Blocks) -> None:
        """Restore what the page showed before a reload; to be called outside of tabs."""
        fields = self.fields
        # Within a tab that is not in sight it would not be read when the page opens.
        kept = stored("captions", "")
        for event in self.opened:
            event.then(lambda name: name, fields.folder, kept, **UNQUEUED)
            event.then(None, fields.folder, None, js=address.NOTE, **UNQUEUED)
        named = [kept, fields.folder]
        read = page.load(None, named, named, js=address.READ, **UNQUEUED)
        read.then(self._restore, [kept, *self.opening[1:]], fields.drawn, **UNQUEUED)

    def offer(self, button: gr.Button, folder: Component, tabs: gr.Tabs) -> None:
        """Connect a button of another tab that opens the folder named there."""
        fields = self.fields
        named = button.click(
            lambda name: (name, gr.Tabs(selected="captions")),
            folder,
            [fields.folder, tabs],
            queue=False,
            **QUIET,
        )
        self.opened.append(named.then(self._open, self.opening, fields.drawn, **QUIET))

    def _listen(self) -> None:
        fields = self.fields
        self.opened = [
            event(self._open, self.opening, fields.drawn, **QUIET)
            for event in (fields.open.click, fields.folder.submit)
        ]
        fields.grid.click(self._choose, self.inputs, fields.drawn, **_EVERY_ONE)
        fields.grid.input(self._type_in_grid, self.inputs, fields.typed, **_EVERY_ONE)
        fields.grid.select(self._enlarge, fields.view, fields.large, **UNQUEUED)
        fields.tags.click(_picked, None, fields.edit[0], **_EVERY_ONE)
        typed = [fields.note, fields.summary, *fields.steps.values()]
        fields.caption.input(self._type, self.inputs, typed, **WHILE_TYPING)
        fields.caption.blur(self._look, self.inputs, fields.shown, **UNQUEUED)
        filtered = [fields.show.input, fields.tag.input]
        inputs = [*self.inputs, fields.show, fields.tag]
        gr.on(filtered, self._filter, inputs, fields.drawn, **WHILE_TYPING)

    def _listen_to_changes(self) -> None:
        fields = self.fields
        self._turn(fields.every, lambda draft, view: view.having(view.indices(draft)))
        self._turn(fields.none, lambda _, view: view.having(()))
        self._turn(fields.before, lambda _, view: replace(view, leaf=max(view.leaf - 1, 0)))
        self._turn(fields.after, lambda _, view: replace(view, leaf=view.leaf + 1))
        inputs = [*self.inputs, *fields.edit]
        for name, (_, make) in CHANGES.items():
            fields.changes[name].click(self._changer(make), inputs, fields.drawn, **QUIET)
        for name, (_, step) in STEPS.items():
            fields.steps[name].click(self._stepper(step), self.inputs, fields.drawn, **QUIET)

    def _turn(self, button: gr.Button, turn: Callable[[Draft, View], View]) -> None:
        def handle(data: Any, typed: str, model: str) -> list[Any]:
            with refusals_as_toasts():
                view = self._taken(data, typed)
                return self._drawn(turn(self.drafts.get(view.key), view), model)
            return _skips(self.fields.drawn)

        button.click(handle, self.inputs, self.fields.drawn, **_EVERY_ONE)

    def _changer(self, make: Make) -> Callable[..., list[Any]]:
        def handle(data: Any, typed: str, model: str, *fields: Any) -> list[Any]:
            with refusals_as_toasts():
                view, edit = self._taken(data, typed), Edit(*fields)
                self.drafts.update(
                    view.key,
                    lambda draft: draft.change(view.targets(draft), make(edit, draft)),
                )
                return self._drawn(view, model)
            return _skips(self.fields.drawn)

        return handle

    def _stepper(self, step: Step) -> Callable[..., list[Any]]:
        def handle(data: Any, typed: str, model: str) -> list[Any]:
            with refusals_as_toasts():
                view = self._taken(data, typed)
                self.drafts.update(view.key, step)
                return self._drawn(view, model)
            return _skips(self.fields.drawn)

        return handle

    def _open(self, name: str, show: str, tag: str, model: str) -> list[Any]:
        with refusals_as_toasts():
            ALLOWED.check(name or "")
            view = View.of({"key": self.drafts.open(name or ""), "show": show, "tag": tag})
            return self._drawn(view, model)
        return _skips(self.fields.drawn)

    def _restore(self, name: Any, show: str, tag: str, model: str) -> list[Any]:
        if isinstance(name, str) and name and (self.drafts.knows(name) or _may_open(name)):
            return self._open(name, show, tag, model)
        return _skips(self.fields.drawn)

    def _choose(self, data: Any, typed: str, model: str, event: gr.EventData) -> list[Any]:
        with refusals_as_toasts():
            view = self._taken(data, typed)
            draft, chosen = self.drafts.get(view.key), View.of({"chosen": event.chosen}).chosen
            replaced = set(view.in_sight(draft)) if event.more else set(view.chosen)
            others = [index for index in view.chosen if index not in replaced]
            return self._drawn(view.having([*others, *chosen]), model)
        return _skips(self.fields.drawn)

    def _filter(self, data: Any, typed: str, model: str, show: str, tag: str) -> list[Any]:
        with refusals_as_toasts():
            view = self._taken(data, typed)
            return self._drawn(View.of({"key": view.key, "show": show, "tag": tag}), model)
        return _skips(self.fields.drawn)

    def _type(self, data: Any, typed: str, model: str) -> list[Any]:
        with refusals_as_toasts():
            view = self._taken(data, typed)
            draft = self.drafts.get(view.key)
            note = self._note(typed, model)
            return [note, rendering.summary_html(draft, view), *_buttons(draft)]
        return _skips([None, None, *STEPS])

    def _type_in_grid(self, data: Any, typed: str, model: str, event: gr.EventData) -> list[Any]:
        del model
        with refusals_as_toasts():
            view, text = self._taken(data, typed), str(event.text).strip()
            (index,) = View.of({"chosen": [event.index]}).chosen or (-1,)
            draft = self.drafts.update(view.key, lambda draft: draft.type(index, text))
            shown = replace(view, text=text) if index == view.current else view
            return [
                shown.to_json(),
                text if index == view.current else gr.skip(),
                rendering.summary_html(draft, view),
                rendering.tags_html(draft),
                *_buttons(draft),
            ]
        return _skips(self.fields.typed)

    def _enlarge(self, data: Any, event: gr.EventData) -> Any:
        with refusals_as_toasts():
            draft = self.drafts.get(View.of(data).key)
            chosen = View.of({"chosen": [event.large]}).chosen
            return rendering.large_html(draft, chosen[0]) if chosen else gr.skip()
        return gr.skip()

    def _look(self, data: Any, typed: str, model: str) -> list[Any]:
        with refusals_as_toasts():
            return self._sights(self._taken(data, typed), model)
        return _skips(self.fields.shown)

    def _taken(self, data: Any, typed: str | None) -> View:
        """Read what a page carries, and take in what was typed there since it was drawn."""
        view = View.of(data)
        index, text = view.current, (typed or "").strip()
        if index is not None and text != view.text.strip():
            self.drafts.update(view.key, lambda draft: draft.type(index, text))
        return view

    def _drawn(self, view: View, model: str) -> list[Any]:
        """Draw everything; the page carries the view from then on."""
        draft = self.drafts.get(view.key)
        view = view.fitted(draft)
        index, many = view.current, len(view.indices(draft)) > rendering.PER_PAGE
        return [
            view.to_json(),
            gr.update(visible=True),
            gr.update(value=view.text, interactive=index is not None),
            self._note(view.text, model) if index is not None else "",
            rendering.leaf_html(draft, view),
            gr.update(visible=many),
            gr.update(visible=many),
            *self._sights(view, model),
        ]

    def _sights(self, view: View, model: str) -> list[Any]:
        # Pictures do not wait for what counts tokens.
        draft, count = self.drafts.get(view.key), token_counter(model) if is_warm() else no_count
        return [
            rendering.summary_html(draft, view),
            rendering.grid_html(draft, view, count),
            rendering.tags_html(draft),
            *_buttons(draft),
        ]

    def _note(self, text: str, model: str) -> str:
        warm(self.device)
        return rendering.tokens_html(token_counter(model)(text))


def _skips(outputs: Sized) -> list[Any]:
    return [gr.skip() for _ in range(len(outputs))]


def _may_open(name: str) -> bool:
    """Whether a folder that a link names is there and is one of the project's."""
    folder = real(name)
    return folder.is_dir() and ALLOWED.holds(folder)


def _buttons(draft: Draft) -> list[Any]:
    return [gr.update(interactive=can(draft, name)) for name in STEPS]


def _picked(event: gr.EventData) -> str:
    return str(event.pick)
