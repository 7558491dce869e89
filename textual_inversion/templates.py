"""The folder of prompt templates: list them, find one by name or path, read its lines."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.errors import SettingsError
from textual_inversion.prompts import parse_template
from textual_inversion.settings import find_folder


def list_templates() -> list[str]:
    """Name the files of the templates folder, as `TrainSettings.template` takes them."""
    folder = find_folder("templates")
    names = (path.name for path in folder.glob("*.txt") if not path.name.startswith("."))
    return sorted(names, key=str.casefold)


def read_template(name: str) -> tuple[str, ...]:
    """Read the prompt lines of a template, given by its name under templates/ or by its path.

    Raises:
        SettingsError: There is no such file, it is no text, or its lines cannot teach anything.
    """
    try:
        path = _find(name)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"Template {name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"Template {name} is not plain text in UTF-8; save it so.") from None
    return parse_template(text, source=path.name)


def _find(name: str) -> Path:
    folder = find_folder("templates")
    for path in (folder / name, folder / f"{name}.txt", Path(name)):
        if name.strip() and path.is_file():
            return path
    known = ", ".join(list_templates()) or "nothing"
    raise SettingsError(f"There is no template {name!r}; {folder} holds {known}.")
