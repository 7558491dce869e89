"""What a page shows of running jobs, and the one poll that keeps every open page up to date.

A page carries which state each part has drawn; what has not changed since is not sent again, and
what several pages ask for is drawn once.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.jobs.runner import Kind, Runner
from textual_inversion.runs.state import Run
from webui.event_options import UNQUEUED

Draw = Callable[[Run | None], Any]
StateKey = Callable[[Run], object]

_LOOK_EVERY_SECONDS = 1


def any_news(run: Run) -> object:
    """Compute a key that changes with every event."""
    return [run.version, run.state, run.message]


def is_active(run: Run) -> object:
    """Compute a key that changes when a job begins or ends."""
    return run.is_active


@dataclass(frozen=True)
class Part:
    """One component that shows something of the jobs of a kind; drawn when its key changes.

    With `of_begun` what the newest run has come to stays through a start that fails.
    """

    kind: Kind
    output: Component
    draw: Draw
    state_key: StateKey = any_news
    of_begun: bool = False


@dataclass(frozen=True)
class Watched:
    """One component that shows something else than a job; drawn when its key changes."""

    output: Component
    draw: Callable[[], Any]
    state_key: Callable[[], object]


class Live:
    """The parts of the page and what was last drawn of each."""

    def __init__(self, runner: Runner, parts: Sequence[Part | Watched]) -> None:
        self._runner = runner
        self._parts = list(parts)
        self._known: dict[tuple[Kind, bool], tuple[Run | None, str]] = {}
        self._drawn: dict[int, tuple[object, Any]] = {}
        self.drawn_keys = gr.JSON({}, visible=False, elem_id="seen")

    @property
    def outputs(self) -> list[Component]:
        """What a poll fills."""
        return [*(part.output for part in self._parts), self.drawn_keys]

    def poll(self, seen: dict[str, object] | None) -> list[Any]:
        """Draw what has changed since a page has `seen` it."""
        before = seen or {}
        keys = {str(index): self._state_key(part) for index, part in enumerate(self._parts)}
        values = [
            gr.skip() if before.get(str(index)) == keys[str(index)] else self._value(index, part)
            for index, part in enumerate(self._parts)
        ]
        return [*values, keys if keys != before else gr.skip()]

    def listen(self, page: gr.Blocks, started: Sequence[Any]) -> None:
        """Poll when the page opens, every second, and right after each event of `started`."""
        shared: dict[str, Any] = {"inputs": self.drawn_keys, "outputs": self.outputs, **UNQUEUED}
        page.load(self.poll, **shared)
        gr.Timer(_LOOK_EVERY_SECONDS).tick(self.poll, **shared)
        for event in started:
            event.then(self.poll, **shared)

    def _state_key(self, part: Part | Watched) -> object:
        if isinstance(part, Watched):
            return str(part.state_key())  # browsers round long numbers
        run = self._run(part)
        key: tuple[Kind, bool] = (part.kind, part.of_begun)
        known, token = self._known.get(key, (None, ""))
        if run is not known or not token:
            # A token no earlier run, and no earlier process, has used.
            token = secrets.token_hex(4)
            self._known[key] = (run, token)
        return [token, part.state_key(run) if run is not None else None]

    def _value(self, index: int, part: Part | Watched) -> Any:
        key = self._state_key(part)
        drawn = self._drawn.get(index)
        if drawn is None or drawn[0] != key:
            drawn = (key, self._draw(part))
            self._drawn[index] = drawn
        # Gradio takes updates apart while it sends them.
        return copy.copy(drawn[1])

    def _draw(self, part: Part | Watched) -> Any:
        return part.draw() if isinstance(part, Watched) else part.draw(self._run(part))

    def _run(self, part: Part) -> Run | None:
        return self._runner.begun(part.kind) if part.of_begun else self._runner.run(part.kind)


def start_button(kind: Kind, button: gr.Button) -> Part:
    """Enable a button only while no job of its kind is active."""
    return Part(kind, button, lambda run: gr.update(interactive=not _works(run)), is_active)


def stop_button(kind: Kind, button: gr.Button) -> Part:
    """Enable a button only while a job of its kind is active."""
    return Part(kind, button, lambda run: gr.update(interactive=_works(run)), is_active)


def _works(run: Run | None) -> bool:
    return run is not None and run.is_active
