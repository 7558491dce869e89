"""What an embedding may be called: a name is a word in a prompt and a file in a folder.

Letters of any script, digits, `.`, `_`, `-` and inner spaces; nothing a file system trips over.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

from textual_inversion.errors import EmbeddingError

MAX_LENGTH = 64
MAX_BYTES = 200  # file systems count bytes, up to 255 with the extension

STAND_IN = "unnamed"
"""Names an embedding that is only looked at or measured, never written."""

_NEAREST = 3
_PUNCTUATION = "._- "
_RESERVED = {"CON", "PRN", "AUX", "NUL"} | {
    device + digit for device in ("COM", "LPT") for digit in "123456789¹²³"
}


def bare(name: str) -> str:
    """Take outer spaces off, and the angle brackets that a name has in a prompt: `<cat>` is cat."""
    name = name.strip(" ")
    return name[1:-1].strip(" ") if is_bracketed(name) else name


def is_bracketed(name: str) -> bool:
    """Tell whether a name is written as `<name>`."""
    return name.startswith("<") and name.endswith(">") and name[1:-1].strip(" ") != ""


def nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Give the names that read most like `name`, the nearest first; letter case does not count."""
    by_case = {known.casefold(): known for known in sorted(names)}
    found = difflib.get_close_matches(name.casefold(), list(by_case), n=_NEAREST)
    return tuple(by_case[key] for key in found)


def check_name(name: str) -> str:
    """Return the bare name, or say in one sentence why it will not do."""
    name = bare(name)
    complaint = _complaint(name)
    if complaint:
        raise EmbeddingError(complaint)
    return name


def _complaint(name: str) -> str | None:
    if not name:
        return "The embedding needs a name: type at least one letter or digit."
    shown = f"The embedding's name {name[:MAX_LENGTH]!r}"
    if len(name) > MAX_LENGTH or len(name.encode(errors="replace")) > MAX_BYTES:
        return f"{shown} is too long: use at most {MAX_LENGTH} characters."
    if strange := next((char for char in name if not _is_allowed(char)), None):
        return f"{shown} contains {strange!r}: use letters, digits, '.', '_', '-' and spaces only."
    if name.startswith(".") or name.endswith("."):
        return f"{shown} starts or ends with a dot: remove it."
    if name.split(".")[0].rstrip().upper() in _RESERVED:
        return f"{shown} is reserved by Windows: choose another one."
    if not any(char.isalnum() for char in name):
        return f"{shown} has no letter or digit: add one."
    return None


def _is_allowed(char: str) -> bool:
    # Letters, the marks that many scripts write on them, and numbers.
    return char in _PUNCTUATION or unicodedata.category(char)[0] in "LMN"
