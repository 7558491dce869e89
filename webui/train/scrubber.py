"""Previews by step and prompt: a slider over the steps, and two pictures compared by a line."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from textual_inversion.errors import SettingsError
from textual_inversion.events import Previewed
from textual_inversion.runs.downsampling import thin
from textual_inversion.runs.state import Run
from textual_inversion.runs.wording import beside_word
from textual_inversion.settings import read_settings_file
from webui.html import render
from webui.polling import Part
from webui.served_images import picture_url, thumbnail_url

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_MOST_STEPS = 40


def draw() -> Part:
    """Draw the previews of the run that is shown."""
    view = gr.HTML(previews_html(None), elem_id="train-previews", js_on_load=_SCRIPT)
    return Part("train", view, previews_html, _state_key, of_begun=True)


def previews_html(run: Run | None) -> Markup:
    """Draw the previews; the script shows one of them, or two beside a line."""
    known = shown(run)
    names = ", ".join(prompt["text"] for prompt in known["prompts"])
    return render("train/previews", known=json.dumps(known), names=names, num=len(known["steps"]))


def shown(run: Run | None) -> dict[str, Any]:
    """Lay previews out by prompt and step, each as [URL, URL of a small copy].

    Of many steps some are left out, evenly; the first and the newest stay.
    """
    previews = list(run.previews) if run is not None else []
    learned = [one for one in previews if not one.without]
    steps = thin(sorted({one.step for one in learned}), _MOST_STEPS)
    prompts = list(dict.fromkeys(one.prompt for one in learned))
    beside = [one for one in previews if one.without]
    return {
        "run": run.folder if run is not None else "",
        "steps": steps,
        "beside": _beside(run.folder) if run is not None and beside else "",
        "prompts": [
            {
                "text": prompt,
                "at": {step: _urls(learned, prompt, step) for step in steps},
                "beside": _urls_beside(beside, prompts, prompt),
            }
            for prompt in prompts
        ],
    }


def _urls(previews: list[Previewed], prompt: str, step: int) -> list[tuple[str, str]]:
    paths = [one.path for one in previews if one.prompt == prompt and one.step == step]
    return [(url, thumbnail_url(path)) for path in paths if (url := picture_url(path))]


def _urls_beside(beside: list[Previewed], prompts: list[str], prompt: str) -> list[tuple[str, str]]:
    """Find what was drawn of a prompt without what is learned; its words differ, not its place."""
    places = list(dict.fromkeys(one.prompt for one in beside))
    place = prompts.index(prompt)
    if place >= len(places):
        return []
    return _urls(beside, places[place], beside[0].step)


@lru_cache(maxsize=32)
def _beside(folder: str) -> str:
    try:
        return beside_word(read_settings_file(Path(folder) / "settings.json"))
    except SettingsError:
        return beside_word({})


def _state_key(run: Run) -> object:
    return [len(run.previews), run.first_step]
