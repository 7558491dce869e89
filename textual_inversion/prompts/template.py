"""The folder of prompt templates: list them, find one by name or path, read its lines."""

from __future__ import annotations

import re
from pathlib import Path

from textual_inversion.errors import SettingsError
from textual_inversion.storage.paths import find_folder


def list_templates() -> list[str]:
    """List the file names in the templates folder, as `TrainSettings.template` takes them."""
    folder = find_folder("templates")
    names = (path.name for path in folder.glob("*.txt") if not path.name.startswith("."))
    return sorted(names, key=str.casefold)


def read_template(name: str) -> tuple[str, ...]:
    """Read the prompt lines of a template, given by its name under templates/ or by its path.

    Raises:
        SettingsError: There is no such file, it is not text, or a line lacks [name].
    """
    try:
        path = find_template(name)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"Template {name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"Template {name} is not plain text in UTF-8; save it in that encoding."
        ) from None
    return parse_template(text, source=path.name)


def find_template(name: str) -> Path:
    """Find a template by its name under templates/, with or without .txt, or by its path.

    Raises:
        SettingsError: There is no such file.
    """
    folder = find_folder("templates")
    for path in (folder / name, folder / f"{name}.txt", Path(name)):
        if name.strip() and path.is_file():
            return path
    known = ", ".join(list_templates()) or "nothing"
    raise SettingsError(f"There is no template {name!r}; {folder} holds {known}.")


def parse_template(text: str, *, source: str) -> tuple[str, ...]:
    """Read one prompt a line; blank lines and lines that start with # are left out.

    Args:
        text: What the template file holds.
        source: The file's name, for messages.
    """
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    prompts = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    lacking = [number for number, line in prompts if "[name]" not in line]
    if not prompts:
        raise SettingsError(
            f"{source} has no prompts; write one a line, for example: a photo of [name]"
        )
    if len(lacking) == len(prompts):
        raise SettingsError(
            f"No line of {source} has [name], so the embedding would learn nothing; add [name] to "
            "each line."
        )
    if lacking:
        raise SettingsError(
            f"Line {lacking[0]} of {source} has no [name], so the embedding would learn nothing "
            "from it; add [name] or remove the line."
        )
    return tuple(line for _, line in prompts)


def fill_template(line: str, *, name: str, words: str) -> str:
    """Replace [filewords] by the caption, then [name], which the caption may contain too."""
    if words.strip(" ,"):
        line = line.replace("[filewords]", words)
    elif "[filewords]" in line:
        line = _without_filewords(line)
    return line.replace("[name]", name)


def _without_filewords(line: str) -> str:
    """Remove [filewords] with the commas and blanks before it."""
    line = line.replace("[filewords]", "")
    line = re.sub(r"\s*,(\s*,)+", ",", line)
    line = re.sub(r"\s+([,.;])", r"\1", line)
    return re.sub(r"\s{2,}", " ", line).strip(" ,")
