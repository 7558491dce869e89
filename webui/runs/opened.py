"""The runs that a page has open: one with its curves, previews and settings, or two side by side.

Which they are stands in the page's address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from textual_inversion.errors import TextualInversionError, TrainingError
from textual_inversion.runs.folder import run_folders, run_key
from textual_inversion.runs.past.finding import PastRun, read_past
from textual_inversion.runs.past.packing import file_name, pack_run
from textual_inversion.runs.past.report import report_html, runs_html
from textual_inversion.storage.atomic import write_whole
from webui.event_options import HEAR_BUTTONS, QUIET, UNQUEUED
from webui.html import paragraph, render
from webui.layout import page_errors
from webui.served_images import picture_url, thumbnail_url
from webui.views.saved import SAVING, new_file, saved_html

MOST_OPEN = 2
_FOLDER = Path(__file__).parent
_READ_ADDRESS = (_FOLDER / "opening.js").read_text(encoding="utf-8")
_NOTE_ADDRESS = (_FOLDER / "noting.js").read_text(encoding="utf-8")


class OpenedRuns:
    """What is open, as lines of <day>/<folder>; `outputs` is what is filled when that changes."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        # Within a tab that was not visited it would not be there when the page opens.
        self.keys = gr.Textbox("", visible="hidden", elem_id="runs-opened", render=False)
        self.view = gr.HTML(
            elem_id="runs-opened-view", js_on_load=HEAR_BUTTONS, apply_default_css=False
        )
        self.saved = gr.HTML(elem_id="runs-saved-file", js_on_load=SAVING)

    @property
    def outputs(self) -> list[Component]:
        """What `opened` gives values for."""
        return [self.keys, self.view]

    def listen(self, page: gr.Blocks) -> None:
        """Open what the address names, and hear the buttons of what is open."""
        self.keys.render()
        read = page.load(None, None, self.keys, js=_READ_ADDRESS, **UNQUEUED)
        self.follow(read.then(self.opened, self.keys, self.outputs, **UNQUEUED))
        pressed = self.view.click(self._press, self.keys, [*self.outputs, self.saved], **QUIET)
        self.follow(pressed)

    def follow(self, event: Any) -> None:
        """Write into the address what is open after an event."""
        event.then(None, self.keys, None, js=_NOTE_ADDRESS, **UNQUEUED)

    def opened(self, keys: str | None) -> list[Any]:
        """Draw the runs named by the lines of `keys`; those that are gone are said to be."""
        named = [key for key in (keys or "").splitlines() if key][:MOST_OPEN]
        there, gone = self._read(named)
        lost = [f"The run {key} is not there any more." for key in gone]
        drawn = opened_html(there, lost) if there or gone else Markup()
        return ["\n".join(past.key for past in there), drawn]

    def _read(self, keys: Sequence[str]) -> tuple[list[PastRun], list[str]]:
        there: list[PastRun] = []
        gone: list[str] = []
        for key in dict.fromkeys(keys):
            try:
                there.append(read_past(listed_run(self.log_dir, key)))
            except TextualInversionError:
                gone.append(key)
        return there, gone

    def _press(self, keys: str, event: gr.EventData) -> list[Any]:
        actions: dict[str, Callable[[str, str], list[Any]]] = {
            "close": self._close,
            "zip": self._zip,
            "report": self._report,
        }
        with page_errors():
            action = actions.get(str(event.do))
            return action(keys, str(event.which)) if action else [gr.skip()] * 3

    def _close(self, keys: str, which: str) -> list[Any]:
        left = [key for key in keys.splitlines() if key != which]
        return [*self.opened("\n".join(left)), Markup()]

    def _zip(self, keys: str, which: str) -> list[Any]:
        del keys
        folder = listed_run(self.log_dir, which)
        return _saved(pack_run(folder, new_file(file_name(folder, ".zip"))))

    def _report(self, keys: str, which: str) -> list[Any]:
        del which
        runs = [read_past(listed_run(self.log_dir, key)) for key in keys.splitlines()]
        target = new_file(file_name(runs[0].folder, ".html"))
        write_whole(target, report_html(runs).encode())
        return _saved(target)


def opened_html(runs: Sequence[PastRun], lost: Sequence[str] = ()) -> Markup:
    """Draw runs side by side, with buttons for each; `lost` says what could not be opened."""
    body = runs_html(runs, picture=_thumbnail, large=_large) if runs else Markup()
    return render("runs/opened", runs=runs, body=body, lost=[paragraph(one) for one in lost])


def listed_run(log_dir: Path, key: str) -> Path:
    """Find the run folder that a page calls `key`; nothing but a listed one is found.

    Raises:
        TrainingError: It is not there.
    """
    found = next((folder for folder in run_folders(log_dir) if run_key(folder) == key), None)
    if found is None:
        raise TrainingError(f"The run {key} is not there any more.")
    return found


def _thumbnail(path: Path) -> str:
    return thumbnail_url(str(path))


def _large(path: Path) -> str:
    return picture_url(str(path))


def _saved(path: Path) -> list[Any]:
    return [gr.skip(), gr.skip(), saved_html(path)]
