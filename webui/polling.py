"""What a page shows of running jobs, and the poll that keeps every open page up to date.

A page carries which state each part has drawn; what has not changed since is not sent again, and
what several pages ask for is drawn once. Every second a page only asks whether there is news, and
past Gradio's events: an event costs time for each component that it may fill, filled or not, on
the server and in the browser. The parts stand in groups, and only a group with news is drawn.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.jobs.runner import Kind, Runner
from textual_inversion.runs.state import Run
from webui.event_options import UNQUEUED

Draw = Callable[[Run | None], Any]
StateKey = Callable[[Run], object]

_LOOK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_LOOK_NOW = "() => { document.dispatchEvent(new Event('ti-look')); }"
_DRAW = "element.addEventListener('news', () => trigger('click'));"


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


class Group:
    """The parts that change together, and what was last drawn of each."""

    def __init__(
        self, runner: Runner, parts: Sequence[Part | Watched] = (), name: str = "parts"
    ) -> None:
        self._runner = runner
        self._parts = list(parts)
        self._known: dict[tuple[Kind, bool], tuple[Run | None, str]] = {}
        self._drawn: dict[int, tuple[object, Any]] = {}
        self.drawn_keys = gr.JSON({}, visible=False)
        # What was drawn last, for the browser to compare; a click on it has the group drawn.
        self.news = gr.HTML(visible="hidden", elem_id=f"news-{name}", js_on_load=_DRAW)

    def add(self, part: Part | Watched) -> None:
        """Draw one more part."""
        self._parts.append(part)

    @property
    def outputs(self) -> list[Component]:
        """What `draw` fills."""
        return [*(part.output for part in self._parts), self.drawn_keys, self.news]

    @property
    def state(self) -> str:
        """What changes when any part does; two different states never agree."""
        return _state(self.keys())

    def keys(self) -> dict[str, object]:
        """Compute the state of each part."""
        return {str(index): self._state_key(part) for index, part in enumerate(self._parts)}

    def draw(self, seen: dict[str, object] | None) -> list[Any]:
        """Draw what has changed since a page has `seen` it; one value for each of `outputs`."""
        before, keys = seen or {}, self.keys()
        values = [
            gr.skip() if before.get(str(index)) == keys[str(index)] else self._value(index, part)
            for index, part in enumerate(self._parts)
        ]
        return [*values, keys if keys != before else gr.skip(), _state(keys)]

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


class Live:
    """The groups of the page.

    It is made before what it draws: at every answer the browser searches the page from its top
    for each component that has to do with it, and these have to do with most.
    """

    def __init__(self, runner: Runner) -> None:
        self._groups = {
            name: Group(runner, name=name) for name in ("train", "generate", "short", "watched")
        }

    @property
    def groups(self) -> list[Group]:
        """All groups."""
        return list(self._groups.values())

    def look(self) -> dict[str, str]:
        """Tell the state of each group, by its name; nothing is drawn."""
        return {name: group.state for name, group in self._groups.items()}

    def listen(
        self, page: gr.Blocks, parts: Sequence[Part | Watched], started: Sequence[Any]
    ) -> None:
        """Draw when the page opens; look every second, and right after each event of `started`."""
        for part in parts:
            self._groups[_group(part)].add(part)
        for group in self.groups:
            moments = [page.load, group.news.click]
            gr.on(moments, group.draw, group.drawn_keys, group.outputs, **UNQUEUED)

        def look(_: object) -> dict[str, str]:  # Gradio marks it, which a method cannot be
            return self.look()

        gr.HTML(visible="hidden", js_on_load=_LOOK, server_functions=[look])
        for event in started:
            event.then(None, js=_LOOK_NOW)


def _group(part: Part | Watched) -> str:
    """Name the group of a part: of the jobs that tell something at every step, or of the rest."""
    if isinstance(part, Part):
        return part.kind if part.kind in ("train", "generate") else "short"
    return "watched"


def _state(keys: dict[str, object]) -> str:
    return blake2b(str(keys).encode(), digest_size=8).hexdigest()


def start_button(kind: Kind, button: gr.Button) -> Part:
    """Enable a button only while no job of its kind is active."""
    return Part(kind, button, lambda run: gr.update(interactive=not _works(run)), is_active)


def stop_button(kind: Kind, button: gr.Button) -> Part:
    """Enable a button only while a job of its kind is active."""
    return Part(kind, button, lambda run: gr.update(interactive=_works(run)), is_active)


def _works(run: Run | None) -> bool:
    return run is not None and run.is_active
