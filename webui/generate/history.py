"""The newest pictures of outputs/, which outlive every page and every process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gradio as gr

from textual_inversion.jobs.runner import Runner
from textual_inversion.storage.paths import find_folder
from webui.event_options import UNQUEUED
from webui.generate.live import Results, info_html
from webui.polling import Watched
from webui.served_images import served

_SHOWN = 32
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PICTURE = re.compile(r"\d+-\d+\.png")


def draw_history(results: Results) -> Watched:
    """Draw the strip; a picture chosen there is the one that the buttons act on."""
    gallery = gr.Gallery(
        label="History", columns=6, fit_columns=False, height="auto", object_fit="cover",
        preview=False, interactive=False, allow_preview=False, elem_id="generate-history-gallery",
        buttons=[],
    )  # fmt: skip

    def choose(event: gr.SelectData) -> tuple[str, str]:
        path = _by_name(str(event.value["caption"]))
        return info_html(path), path

    gallery.select(choose, None, [results.info, results.chosen], **UNQUEUED)
    return Watched(gallery, _drawn, _state)


def newest_pictures(limit: int = _SHOWN) -> list[Path]:
    """List the pictures of outputs/, the newest first."""
    found: list[Path] = []
    for day in sorted(_days(), reverse=True):
        paths = [path for path in day.glob("*.png") if _PICTURE.fullmatch(path.name)]
        found += sorted(paths, key=_number, reverse=True)
        if len(found) >= limit:
            break
    return found[:limit]


def known_picture(runner: Runner, path: str) -> Path | None:
    """Accept the path of a picture only if the program has written it itself.

    Pages send paths back, and any file could be asked for.
    """
    run = runner.run("generate")
    is_known = (run is not None and path in run.files) or (path and path == _by_name(_name(path)))
    return Path(path) if is_known and Path(path).is_file() else None


def _by_name(name: str) -> str:
    day, _, file = name.partition("/")
    fits = _DAY.fullmatch(day) and _PICTURE.fullmatch(file)
    return str(find_folder("outputs") / day / file) if fits else ""


def _name(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


def _drawn() -> Any:
    shown = _thumbnails()
    return gr.update(value=shown, visible=bool(shown))


def _thumbnails() -> list[tuple[str, str]]:
    copies = [(served(str(path), small=True), _name(str(path))) for path in newest_pictures()]
    return [(copy, name) for copy, name in copies if copy]


def _state() -> object:
    """Compute a key that changes when a picture comes or goes."""
    try:
        return [[day.name, day.stat().st_mtime_ns] for day in sorted(_days())[-3:]]
    except OSError:
        return 0


def _days() -> list[Path]:
    folder = find_folder("outputs")
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if _DAY.fullmatch(path.name) and path.is_dir()]


def _number(path: Path) -> int:
    return int(path.name.partition("-")[0])
