"""What the axes of a grid may vary. Light: the page lists them before torch is loaded.

Besides what concerns an embedding's vectors, every setting of a picture is an axis, by the name
that its flag has.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from textual_inversion.errors import SettingsError
from textual_inversion.generation.grids.values import read_numbers, split_values
from textual_inversion.names import nearest
from textual_inversion.settings import GenerateSettings
from textual_inversion.settings.knobs import Knob, walk

NONE = "none"
STEP, EMBEDDING, WEIGHT, VECTORS = "step", "embedding", "weight", "vectors"
SEARCH = "prompt s/r"
OF_VECTORS = (STEP, EMBEDDING, WEIGHT, VECTORS)

_LABELS = {
    STEP: "Step",
    EMBEDDING: "Embedding",
    WEIGHT: "Weight",
    VECTORS: "Vectors",
    SEARCH: "Prompt S/R",
}
_ALIASES = {"": NONE, "nothing": NONE, "cfg": "cfg_scale", "snapshot": STEP, "search": SEARCH}
# Where files go and how many pictures come of it tell no cells apart.
_NO_AXES = {"output", "batch_count", "num_images"}


@cache
def knobs() -> dict[str, Knob]:
    """Map the settings of a picture that can be an axis by their names."""
    return {knob.path: knob for knob in walk(GenerateSettings) if knob.path not in _NO_AXES}


def list_axes() -> list[str]:
    """List the names of all axes, "none" first."""
    return [NONE, *_LABELS, *knobs()]


def find_axis(text: str) -> str:
    """Find an axis by its name, its label or what A1111 calls it; letter case does not matter.

    Raises:
        SettingsError: There is none of that name.
    """
    key = " ".join(text.split()).casefold()
    named = {_plain(knob.ui.label): path for path, knob in knobs().items()}
    named |= {_plain(label): name for name, label in _LABELS.items()}
    named |= {_plain(name): name for name in list_axes()}
    found = _ALIASES.get(key) or named.get(_plain(key))
    if found is None:
        close = nearest(key, list_axes())
        advice = f"did you mean {' or '.join(close)}?" if close else "take one of: "
        listed = "" if close else ", ".join(list_axes())
        raise SettingsError(f"There is no axis {text[:60]!r}; {advice}{listed}")
    return found


def label_of(name: str) -> str:
    """Return the words that stand beside an axis's values."""
    return _LABELS.get(name) or knobs()[name].ui.label


def read_values(name: str, text: str) -> list[Any]:
    """Read the values of an axis that is no snapshot, by its kind; [] where the text is empty.

    Raises:
        SettingsError: One of them cannot be read, or is none that the axis knows.
    """
    if not text.strip():
        return []
    if name in (WEIGHT, VECTORS):
        return read_numbers(text, whole=name == VECTORS)
    knob = knobs().get(name)
    if name == SEARCH:
        values = split_values(text, keep_empty=True)
        return [(values[0], value) for value in values]
    if knob is None or knob.kind == "text":
        return split_values(text, keep_empty=name != EMBEDDING)
    if knob.kind in ("int", "float"):
        return read_numbers(text, whole=knob.kind == "int")
    known = {"on": True, "off": False} if knob.kind == "bool" else {n: n for n in knob.choices}
    return [_choice(name, value, known) for value in split_values(text)]


def all_values(name: str) -> list[Any]:
    """List all values of an axis that has few, for when none are given."""
    knob = knobs().get(name)
    if knob is None:
        return []
    return [False, True] if knob.kind == "bool" else list(knob.choices)


def show(value: Any) -> str:
    """Write a value as a label; of what is searched for and its replacement, the latter."""
    if isinstance(value, tuple):
        return value[1]
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choice(name: str, value: str, known: dict[str, Any]) -> Any:
    by_case = {_plain(key): key for key in known}
    if _plain(value) not in by_case:
        close = nearest(value, known)
        advice = f"did you mean {' or '.join(close or tuple(known)[:5])}?"
        raise SettingsError(f"{value[:60]!r} is no {label_of(name).lower()}; {advice}")
    return known[by_case[_plain(value)]]


def _plain(text: str) -> str:
    return text.casefold().replace("_", " ").replace("-", " ")
