"""The crop editor: which picture is open, and what is kept of its box in the manifest."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup
from PIL import Image

from preprocessing.files.manifest import Manifest, crop_from
from textual_inversion.errors import DatasetError
from textual_inversion.images.decoding import path_text
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from webui.event_options import UNQUEUED
from webui.html import render
from webui.layout import page_errors
from webui.served_images import served, url_of

_SCRIPT = Path(__file__).with_name("cropping.js").read_text(encoding="utf-8")


class CropEditor:
    """The editor for the pictures of the newest preprocessing."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.view = gr.HTML(js_on_load=_SCRIPT, elem_id="preprocess-cropper")

    def listen(self, results: gr.HTML) -> Any:
        """Open the picture that is chosen in `results`; return the event after which to prepare."""
        results.click(self._open, None, self.view, **UNQUEUED)
        return self.view.click(self._answer, None, self.view, **UNQUEUED)

    def _open(self, event: gr.EventData) -> Markup:
        with page_errors():
            run, source = self._found(event.crop)
            return _editor(run, source)

    def _answer(self, event: gr.EventData) -> Any:
        if event.action not in {"keep", "automatic"}:
            raise gr.Error("Nothing was changed.", visible=False, print_exception=False)
        with page_errors():
            run, source = self._found(event.source)
            crop = crop_from(event.box) if event.action == "keep" else None
            manifest = Manifest.read(Path(run.folder))
            manifest.set_crop(Path(source), crop)
            manifest.save()
        return Markup()

    def _found(self, source: object) -> tuple[Run, str]:
        """Look a picture up among the newest job's; a page may name any file."""
        run = self._runner.run("preprocess")
        if run is None or run.is_active:
            raise DatasetError("Pictures are cropped when the job is over; wait for its end.")
        if source not in {known for known, _ in run.results}:
            raise DatasetError("This picture is not one of the last job's; press Preprocess again.")
        return run, str(source)


def _editor(run: Run, source: str) -> Markup:
    copy = served(source, small=True)
    made = next(paths for known, paths in run.results if known == source)
    target = served(made[0], small=True)
    if not copy or not target:
        raise DatasetError(f"Picture {path_text(Path(source))} cannot be shown any more.")
    crop = Manifest.read(Path(run.folder)).crop_of(Path(source))
    return render(
        "views/cropper",
        turn=secrets.token_hex(4),  # so that the same picture opens again
        name=path_text(Path(Path(source).name)),
        source=source,
        url=url_of(copy),
        box=crop or _centred(_ratio(target) / _ratio(copy)),
    )


def _ratio(path: str) -> float:
    with Image.open(path) as image:
        return image.width / image.height


def _centred(shape: float) -> tuple[float, float, float, float]:
    """Return the largest box in the middle whose sides, as shares, are in proportion `shape`."""
    width, height = min(shape, 1.0), min(1 / shape, 1.0)
    return (1 - width) / 2, (1 - height) / 2, width, height
