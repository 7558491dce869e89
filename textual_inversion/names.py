"""What an embedding may be called: a name is a word in a prompt and a file in a folder.

Letters of any script, digits, `.`, `_`, `-` and inner spaces; nothing a file system trips over.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable
from itertools import count

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


def strip_brackets(name: str) -> str:
    """Strip outer spaces and a prompt's angle brackets: `<cat>` becomes cat."""
    name = name.strip(" ")
    return name[1:-1].strip(" ") if is_bracketed(name) else name


def is_bracketed(name: str) -> bool:
    """Whether a name is written as `<name>`."""
    return name.startswith("<") and name.endswith(">") and name[1:-1].strip(" ") != ""


def nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names spelled most like `name`, the nearest first, ignoring letter case."""
    by_case = {known.casefold(): known for known in sorted(names)}
    matches = difflib.get_close_matches(name.casefold(), list(by_case), n=_NEAREST)
    return tuple(by_case[key] for key in matches)


def check_name(name: str) -> str:
    """Return the name without brackets and outer spaces.

    Raises:
        EmbeddingError: The name is empty, too long, reserved, or has characters not allowed.
    """
    name = strip_brackets(name)
    complaint = _complaint(name)
    if complaint:
        raise EmbeddingError(complaint)
    return name


def free_name(name: str, taken: Callable[[str], bool]) -> str:
    """Return the name, or where it is taken the name with the first number that is free."""
    if not taken(name):
        return name
    numbered = (f"{name[: MAX_LENGTH - 7]}-{number}" for number in count(2))
    return next(one for one in numbered if not taken(one))


def _complaint(name: str) -> str | None:
    if not name:
        return "The embedding needs a name: type at least one letter or digit."
    prefix = f"The embedding's name {name[:MAX_LENGTH]!r}"
    if len(name) > MAX_LENGTH or len(name.encode(errors="replace")) > MAX_BYTES:
        return f"{prefix} is too long: use at most {MAX_LENGTH} characters."
    if strange := next((char for char in name if not _is_allowed(char)), None):
        return f"{prefix} contains {strange!r}: use letters, digits, '.', '_', '-' and spaces only."
    if name.startswith(".") or name.endswith("."):
        return f"{prefix} starts or ends with a dot: remove it."
    if name.startswith("-"):
        return f"{prefix} starts with '-', which commands take for a flag: begin with a letter."
    if name.split(".")[0].rstrip().upper() in _RESERVED:
        return f"{prefix} is reserved by Windows: choose another one."
    if not any(char.isalnum() for char in name):
        return f"{prefix} has no letter or digit: add one."
    return None


def _is_allowed(char: str) -> bool:
    # Letters, the marks that many scripts write on them, and numbers.
    return char in _PUNCTUATION or unicodedata.category(char)[0] in "LMN"
