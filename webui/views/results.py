"""What a job has made of each picture, before and after, as HTML."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from textual_inversion.images.decoding import path_text
from textual_inversion.runs.state import Run
from webui.html import render
from webui.served_images import picture_url, thumbnail_url

_SHOWN = 24


def results_html(run: Run | None) -> Markup:
    """Draw the newest sources, each beside all the pictures that were made of it."""
    results = run.results if run is not None else []
    rows = [
        (source, path_text(Path(Path(source).name)), _picture(source), _pictures(made))
        for source, made in results[: -_SHOWN - 1 : -1]
    ]
    return render("views/results", rows=rows, num_more=max(len(results) - _SHOWN, 0))


def _pictures(paths: tuple[str, ...]) -> list[tuple[str, str, str]]:
    drawn = [(path_text(Path(Path(path).name)), *_picture(path)) for path in paths]
    return [one for one in drawn if one[1]]


def _picture(path: str) -> tuple[str, str]:
    """Return the URLs of a small copy and of the picture itself."""
    small = thumbnail_url(path)
    return small, picture_url(path) if small else ""
