"""Presets by their names: those that are built in, and one's own, files in the folder presets/.

A preset's file is a settings file, presets/NAME.json, which holds only what the preset sets.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from textual_inversion.errors import EmbeddingError, SettingsError
from textual_inversion.names import check_name, nearest
from textual_inversion.settings.presets.built_in import BUILT_IN
from textual_inversion.storage.atomic import os_errors, write_whole
from textual_inversion.storage.paths import find_folder

NO_PRESET = "none"


def own_presets() -> list[str]:
    """Name the presets of one's own, sorted."""
    folder = find_folder("presets")
    names = (path.stem for path in folder.glob("*.json") if path.is_file())
    return sorted(name for name in names if name not in _taken())


def find_preset(name: str) -> dict[str, Any]:
    """Return what a preset sets; nothing for "none".

    Raises:
        SettingsError: There is no such preset, or its file cannot be read.
    """
    if name == NO_PRESET:
        return {}
    if name in BUILT_IN:
        return dict(BUILT_IN[name].values)
    if name not in own_presets():
        known = [*BUILT_IN, *own_presets()]
        like = nearest(name, known)
        hint = f"did you mean {like[0]}?" if like else f"choose one of {', '.join(known)}."
        raise SettingsError(f'There is no preset "{name}"; {hint}')
    return read_file(_path(name))


def read_file(path: Path) -> dict[str, Any]:
    """Read the values of a preset's file, or of any settings file.

    Raises:
        SettingsError: It cannot be read, or holds no JSON object.
    """
    try:
        return read_text(path.read_text(encoding="utf-8"), path.name)
    except OSError as error:
        raise SettingsError(f"The preset {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The preset {path} cannot be read: it is no UTF-8.") from None


def read_text(text: str, where: str) -> dict[str, Any]:
    """Read the text of a preset's file; `where` names it in what is said of it.

    Raises:
        SettingsError: It is no JSON object.
    """
    try:
        values: object = json.loads(text)
    except ValueError as error:
        raise SettingsError(
            f"{where} is no preset, because it is not JSON: {error}; choose a file that was "
            "downloaded here, or a run's settings.json."
        ) from None
    if not isinstance(values, dict):
        raise SettingsError(f"{where} is no preset; it must hold one JSON object of settings.")
    return {str(key): value for key, value in values.items() if key != "schema_version"}  # pyright: ignore


def write_file(name: str, values: dict[str, Any], version: int) -> Path:
    """Keep checked values as a preset of one's own, which replaces a namesake; return its file.

    Raises:
        SettingsError: The name cannot be one.
        StorageError: It cannot be written.
    """
    path = _path(_checked(name))
    text = json.dumps({"schema_version": version, **values}, indent=2, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode())
    return path


def delete_preset(name: str) -> None:
    """Delete a preset of one's own.

    Raises:
        SettingsError: It is built in, or there is none.
        StorageError: It cannot be deleted.
    """
    if name not in own_presets():
        raise SettingsError(f'"{name}" is no preset of your own, so it cannot be deleted.')
    path = _path(name)
    with os_errors(path, doing="delete"):
        path.unlink()


def _checked(name: str) -> str:
    try:
        checked = check_name(name)
    except EmbeddingError as error:
        raise SettingsError(str(error).replace("embedding", "preset")) from None
    if checked.casefold() in _taken():
        raise SettingsError(f'"{checked}" is a preset that is built in; choose another name.')
    return checked


def _taken() -> set[str]:
    return {NO_PRESET, *BUILT_IN}


def _path(name: str) -> Path:
    return find_folder("presets") / f"{name}.json"
