"""The folders that may be chosen, as HTML: roots first, then what lies below."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from textual_inversion.errors import SettingsError
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import EXTENSIONS, natural_sort_key
from webui.folders.allowed import AllowedFolders, real, roots, shown
from webui.html import render

_MOST_FOLDERS = 200
_MOST_COUNTED = 9_999


def listing_html(name: str, allowed: AllowedFolders) -> Markup:
    """Draw what lies in a folder; the roots for an empty name.

    Raises:
        SettingsError: The folder may not be read, or cannot be.
    """
    if not name:
        return _draw("", None, roots())
    folder = real(name)
    if not allowed.holds(folder):
        raise SettingsError(f"{path_text(folder)} lies outside of the folders to choose from.")
    try:
        below = [path for path in folder.iterdir() if _is_offered(path, allowed)]
    except OSError as error:
        raise SettingsError(
            f"Folder {path_text(folder)} cannot be read: {error.strerror}."
        ) from None
    above = str(folder.parent) if allowed.holds(folder.parent) else ""
    return _draw(shown(folder), above, sorted(below, key=natural_sort_key))


def _is_offered(path: Path, allowed: AllowedFolders) -> bool:
    try:
        return not path.name.startswith(".") and path.is_dir() and allowed.holds(path.resolve())
    except (OSError, RuntimeError):
        return False


def _draw(here: str, above: str | None, below: list[Path]) -> Markup:
    return render(
        "folders/listing",
        here=here,
        above=above,
        folders=[_row(path) for path in below[:_MOST_FOLDERS]],
        num_more=max(len(below) - _MOST_FOLDERS, 0),
    )


def _row(path: Path) -> tuple[str, str, int]:
    """Return a folder's path, its name, and how many pictures are directly in it."""
    count = 0
    try:
        for entry in path.iterdir():
            count += entry.suffix.lower() in EXTENSIONS
            if count == _MOST_COUNTED:
                break
    except OSError:
        pass  # choosing it says what is wrong
    return str(path), path.name or str(path), count
