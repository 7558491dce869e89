"""What a preset may hold: the settings of a training that are not about one run alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual_inversion.errors import SettingsError
from textual_inversion.settings.base import SCHEMA_VERSION
from textual_inversion.settings.knobs import walk
from textual_inversion.settings.presets.built_in import BUILT_IN, Preset
from textual_inversion.settings.presets.kept import find_preset, own_presets, write_file
from textual_inversion.settings.train import TrainSettings

_STAND_IN = "any"
_OWN = "Your own"
HELD = tuple(knob for knob in walk(TrainSettings) if not (knob.required or knob.one_run))
"""The knobs whose values a preset may hold."""


def listed() -> dict[str, Preset]:
    """List all presets by name; one's own that cannot be read say so in their titles."""
    return {**BUILT_IN, **{name: _own(name) for name in own_presets()}}


def preset_of(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Take from settings what a preset holds and no default is; `where` names their origin.

    What is about one run alone, such as its embedding, is left out, so a run's settings will do.

    Raises:
        SettingsError: A value is wrong, or nothing is left; in one sentence.
    """
    about_one_run = {knob.path for knob in walk(TrainSettings)} - {knob.path for knob in HELD}
    held = {path: value for path, value in values.items() if path not in about_one_run}
    required = {knob.path: _STAND_IN for knob in walk(TrainSettings) if knob.required}
    try:
        settings = TrainSettings.build(required, held)
    except SettingsError as error:
        raise SettingsError(f"{where} is no preset: {error}.") from None
    read = settings.model_dump(mode="json")
    changed = {knob.path: read[knob.path] for knob in HELD if read[knob.path] != knob.default}
    if not changed:
        raise SettingsError(f"{where} sets nothing but defaults, so there is nothing to keep.")
    return changed


def save_preset(name: str, values: dict[str, Any], where: str) -> Path:
    """Keep what a preset holds of `values` under a name.

    Raises:
        SettingsError: A value is wrong, or the name.
        StorageError: It cannot be written.
    """
    return write_file(name, preset_of(values, where), SCHEMA_VERSION)


def _own(name: str) -> Preset:
    try:
        return Preset(_OWN, preset_of(find_preset(name), f"presets/{name}.json"))
    except SettingsError as error:
        return Preset(str(error), {})
