"""What a page shows of running jobs, and what keeps every open page up to date.

Every second a page asks whether there is news, and past Gradio's events: an event costs time for
each component that it may fill, on the server (most where nothing is filled: Gradio makes the
component anew) and in the browser, which goes through all its components at each. So what changes
with every step is drawn by the answer itself, and of the rest only a group that has news by an
event. What has not changed since a page has drawn it is not sent again, and what several pages
ask for is drawn once.
"""

from __future__ import annotations

import copy
import secrets
import time
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

_LOOK_EVERY_SECONDS = 1
_LOOKS_A_SECOND = 2
_GONE_SECONDS = 10
_LOOK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_LOOK_NOW = "() => { document.dispatchEvent(new Event('ti-look')); }"
_TAKE = "element.addEventListener('ti-draw', event => { props.value = event.detail; });"
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

    With `of_begun` what the newest run has come to stays through a start that fails. With
    `with_steps`, which is so where every event is news, an HTML component is drawn past Gradio's
    events: it may be no event's input, and nothing may listen to its changes.
    """

    kind: Kind
    output: Component
    draw: Draw
    state_key: StateKey = any_news
    of_begun: bool = False
    with_steps: bool | None = None

    @property
    def is_direct(self) -> bool:
        """Whether it is drawn past Gradio's events."""
        steps = self.state_key is any_news if self.with_steps is None else self.with_steps
        return steps and isinstance(self.output, gr.HTML)

    @property
    def group(self) -> str:
        """The group of the page that it is drawn with otherwise."""
        return self.kind if self.kind in ("train", "generate") else "short"


@dataclass(frozen=True)
class Watched:
    """One component that shows something else than a job; drawn when its key changes."""

    output: Component
    draw: Callable[[], Any]
    state_key: Callable[[], object]
    is_direct: bool = False
    group: str = "watched"


class Drawings:
    """Some parts of the page, and what was last drawn of each."""

    def __init__(self, runner: Runner, parts: Sequence[Part | Watched] = ()) -> None:
        self._runner = runner
        self._parts = list(parts)
        self._known: dict[tuple[Kind, bool], tuple[Run | None, str]] = {}
        self._drawn: dict[int, tuple[object, Any]] = {}

    def add(self, part: Part | Watched) -> None:
        """Draw one more part."""
        self._parts.append(part)

    def keys(self) -> dict[str, object]:
        """Compute the state of each part."""
        return {str(index): self._state_key(part) for index, part in enumerate(self._parts)}

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

    def _value(self, index: int, part: Part | Watched, key: object) -> Any:
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


class Direct(Drawings):
    """The HTML that is drawn past Gradio's events."""

    def add(self, part: Part | Watched) -> None:
        """Draw one more part, whose component has an id and takes what the browser is told."""
        super().add(part)
        html = part.output
        assert isinstance(html, gr.HTML)
        assert html.elem_id
        html.js_on_load = f"{html.js_on_load or ''}\n{_TAKE}"

    def news(self, seen: dict[str, str]) -> dict[str, tuple[str, str]]:
        """Draw what has changed since a page has `seen` it: states by the components' ids.

        Returns the new state and the HTML of each, by id; of what the page does not name nothing.
        """
        found = {}
        for index, part in enumerate(self._parts):
            elem_id = str(part.output.elem_id)
            if elem_id not in seen:
                continue
            key = self._state_key(part)
            if seen[elem_id] != (state := _digest(key)):
                found[elem_id] = (state, str(self._value(index, part, key)))
        return found


class Group(Drawings):
    """The parts that one of Gradio's events draws."""

    def __init__(
        self, runner: Runner, parts: Sequence[Part | Watched] = (), name: str = "parts"
    ) -> None:
        super().__init__(runner, parts)
        self.drawn_keys = gr.JSON({}, visible=False)
        # What was drawn last, for the browser to compare; a click on it has the group drawn.
        self.news = gr.HTML(visible="hidden", elem_id=f"news-{name}", js_on_load=_DRAW)

    @property
    def outputs(self) -> list[Component]:
        """What `draw` fills."""
        return [*(part.output for part in self._parts), self.drawn_keys, self.news]

    @property
    def state(self) -> str:
        """What changes when any part does; two different states never agree."""
        return _digest(self.keys())

    def draw(self, seen: dict[str, object] | None) -> list[Any]:
        """Draw what has changed since a page has `seen` it; one value for each of `outputs`."""
        before, keys = seen or {}, self.keys()
        values = [
            gr.skip() if before.get(index) == key else self._value(int(index), part, key)
            for part, (index, key) in zip(self._parts, keys.items(), strict=True)
        ]
        return [*values, keys if keys != before else gr.skip(), _digest(keys)]


class Live:
    """All that the page draws by itself.

    It is made before what it draws: at every answer the browser searches the page from its top
    for each component that has to do with it, and these have to do with most.
    """

    def __init__(self, runner: Runner) -> None:
        self._direct = Direct(runner)
        self._looked: dict[str, float] = {}
        names = ("train", "generate", "short", "watched")
        self._groups = {name: Group(runner, name=name) for name in names}

    @property
    def groups(self) -> list[Group]:
        """The groups that events draw."""
        return list(self._groups.values())

    def look(self, seen: dict[str, str], page: str) -> dict[str, Any]:
        """Tell the state of each group by its name, and draw what has changed since `seen`.

        `page` is any text of the page's own. Open pages share two looks a second, so that many of
        them do not slow a training down: "wait" is how many seconds this one does not look.
        """
        states = {name: group.state for name, group in self._groups.items()}
        wait = max(_LOOK_EVERY_SECONDS, self._count(page) / _LOOKS_A_SECOND)
        return {"groups": states, "html": self._direct.news(seen), "wait": wait}

    def _count(self, page: str) -> int:
        """Count the pages that have looked in the last seconds, `page` included."""
        now = time.monotonic()
        recent = {other: at for other, at in self._looked.items() if now - at < _GONE_SECONDS}
        self._looked = {**recent, page: now}
        return len(self._looked)

    def listen(self, parts: Sequence[Part | Watched], started: Sequence[Any]) -> None:
        """Draw `parts`: look every second, and right after each event of `started`."""
        for part in parts:
            (self._direct if part.is_direct else self._groups[part.group]).add(part)
        for group in self.groups:
            group.news.click(group.draw, group.drawn_keys, group.outputs, **UNQUEUED)

        def look(asked: dict[str, Any]) -> dict[str, Any]:
            return self.look(**asked)  # Gradio marks the function, which a method cannot be

        ids = [part.output.elem_id for part in parts if part.is_direct]
        gr.HTML(visible="hidden", js_on_load=_LOOK, server_functions=[look], ids=ids)
        for event in started:
            event.then(None, js=_LOOK_NOW)


def _digest(keys: object) -> str:
    return blake2b(str(keys).encode(), digest_size=8).hexdigest()


def start_button(kind: Kind, button: gr.Button) -> Part:
    """Enable a button only while no job of its kind is active."""
    return Part(kind, button, lambda run: gr.update(interactive=not _works(run)), is_active)


def stop_button(kind: Kind, button: gr.Button) -> Part:
    """Enable a button only while a job of its kind is active."""
    return Part(kind, button, lambda run: gr.update(interactive=_works(run)), is_active)


def _works(run: Run | None) -> bool:
    return run is not None and run.is_active
