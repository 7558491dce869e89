"""What the Generate tab shows of its job: how far it is, the picture as it comes, the results."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from textual_inversion.images.files import read_infotext
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from webui.event_options import UNQUEUED
from webui.generate.waiting import Waiting
from webui.html import render
from webui.polling import Part, Watched
from webui.served_images import served
from webui.views.status import status_html, warnings_html

SHOWN = 24
_IDLE = "Write a prompt, then press Generate."


class Results:
    """The parts of the job, the picture that is chosen, and its settings."""

    def __init__(self, runner: Runner, waiting: Waiting) -> None:
        self._runner = runner
        status = gr.HTML(elem_id="generate-status-line")
        queue = gr.HTML(elem_id="generate-waiting-line")
        preview = gr.HTML(elem_id="generate-live-preview")
        gallery = gr.Gallery(
            label="Pictures", columns=2, height="auto", object_fit="contain", interactive=False,
            elem_id="generate-picture-gallery", buttons=["download", "fullscreen"],
        )  # fmt: skip
        self.info = gr.HTML(elem_id="generate-picture-info")
        self.chosen = gr.Textbox("", visible=False)
        warnings = gr.HTML(elem_id="generate-warning-list")
        gallery.select(self._choose, None, [self.info, self.chosen], **UNQUEUED)
        self.parts: list[Part | Watched] = [
            Part("generate", status, lambda run: status_html(run, idle=_IDLE)),
            Watched(queue, lambda: waiting_html(len(waiting)), lambda: len(waiting)),
            Part("generate", preview, live_preview),
            Part("generate", gallery, _pictures, _count),
            Part("generate", self.info, lambda run: info_html(first_shown(run)), _count),
            Part("generate", self.chosen, first_shown, _count),
            Part("generate", warnings, warnings_html, lambda run: len(run.warnings)),
        ]

    def _choose(self, event: gr.SelectData) -> tuple[str, str]:
        path = _shown(self._runner.run("generate"), event.index)
        return info_html(path), path


def waiting_html(count: int) -> str:
    """Say how many jobs wait; nothing when none does."""
    return render("generate/waiting", count=count) if count else ""


def live_preview(run: Run | None) -> str:
    """Draw the picture so far."""
    data = run.live_preview if run is not None and run.is_active else ""
    if not data.startswith("data:image/"):
        return ""
    return render("generate/live_preview", data=data)


def info_html(path: str) -> str:
    """Show the settings that a picture carries."""
    text = read_infotext(Path(path)) if path else ""
    return render("preformatted", text=text) if text else ""


def first_shown(run: Run | None) -> str:
    """Return the path of the first picture of the gallery; "" while there is none."""
    return _shown(run, 0)


def _shown(run: Run | None, index: int) -> str:
    files = run.files[-SHOWN:] if run is not None else []
    return files[index] if index < len(files) else ""


def _pictures(run: Run | None) -> list[tuple[str, str]]:
    files = run.files[-SHOWN:] if run is not None else []
    copies = [(served(path), Path(path).name) for path in files]
    return [(path, caption) for path, caption in copies if path]


def _count(run: Run) -> object:
    return len(run.files)
