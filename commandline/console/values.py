"""What stands in the form when it opens, and what is remembered of it. Light: no Textual."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commandline.compat.invokeai_root import base_folder, model_names
from textual_inversion.errors import SettingsError
from textual_inversion.models.catalog import list_models
from textual_inversion.names import strip_brackets
from textual_inversion.settings import ConsoleSettings, read_settings_file
from textual_inversion.settings.knobs import walk
from textual_inversion.storage.atomic import write_whole

_NOT_REMEMBERED = {"placeholder_token", "resume"}
_OUTPUTS = "text-inversion-output"
_FOLDERS = {"train_data_dir": "text-inversion-training-data", "output_dir": _OUTPUTS}


def folders_for(trigger: str, root: Path | None) -> dict[str, str]:
    """Return the folders that a trigger fills in, by their fields."""
    name = strip_brackets(trigger)
    if not name:
        return dict.fromkeys(_FOLDERS, "")
    return {field: str(base_folder(root) / folder / name) for field, folder in _FOLDERS.items()}


def models_for(root: Path | None, *others: str) -> tuple[str, ...]:
    """List the models to choose from: those named, InvokeAI's, then those under models/."""
    names = (*others, *model_names(root), *list_models())
    return tuple(dict.fromkeys(name for name in names if name))


def initial_values(given: dict[str, Any], root: Path | None) -> dict[str, Any]:
    """Fill the form: the defaults, over them what was remembered, over it the flags given."""
    values = {knob.path: "" if knob.required else knob.default for knob in walk(ConsoleSettings)}
    values |= {"model": next(iter(models_for(root)), values["model"])} | _remembered(root)
    trigger = strip_brackets(str(given.get("placeholder_token") or ""))
    values |= folders_for(trigger, root) if trigger else {}
    known = {name: value for name, value in given.items() if name in values and value is not None}
    return values | known | _translated(given) | {"placeholder_token": trigger}


def remember(settings: ConsoleSettings, root: Path | None) -> None:
    """Keep the values for the next time, all but the trigger and resume."""
    kept = {
        name: value
        for name, value in settings.model_dump(mode="json").items()
        if name not in _NOT_REMEMBERED
    }
    write_whole(_preferences(root), (json.dumps(kept, indent=2) + "\n").encode())


def _preferences(root: Path | None) -> Path:
    return base_folder(root) / _OUTPUTS / "preferences.json"


def _remembered(root: Path | None) -> dict[str, Any]:
    """Read what was remembered, but what is no longer allowed."""
    try:
        stored = read_settings_file(_preferences(root))
    except SettingsError:  # there is none yet, or it was damaged: the defaults will do
        return {}
    wrong = ConsoleSettings.mistakes({"placeholder_token": "x", **stored})
    fields = ConsoleSettings.model_fields.keys() - _NOT_REMEMBERED - wrong.keys()
    return {name: value for name, value in stored.items() if name in fields}


def _translated(given: dict[str, Any]) -> dict[str, Any]:
    """Translate the flags that the form has in other words."""
    found: dict[str, Any] = {}
    if "resolution" in given:
        sizes = next(knob.choices for knob in walk(ConsoleSettings) if knob.path == "resolution")
        size = str(given["resolution"])
        found["resolution"] = size if size in sizes else "model"
    if "resume_from_checkpoint" in given:
        found["resume"] = True
    return found
