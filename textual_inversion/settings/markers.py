"""What stands beside a setting in its annotation: how it is labelled, placed and asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Widget = Literal[
    "auto", "slider", "area", "embedding", "model", "template", "schedule", "folder", "file",
    "axis", "run", "vae", "word", "preset", "knob",
]  # fmt: skip

# The groups of `ti train`'s fields beside the essentials, which have none.
PICTURES = "Pictures and captions"
OPTIMIZATION = "Optimization"
PREVIEWS = "Previews and saving"
RUN = "Run and machine"


@dataclass(frozen=True)
class Ui:
    """How a field looks on the page; it has no effect on what the field means.

    Fields with the same `row` stand side by side; those of a `group` are folded away under it.
    """

    label: str
    widget: Widget = "auto"
    row: str = ""
    step: float | None = None
    group: str = ""

    @property
    def advanced(self) -> bool:
        """Whether the field is folded away at first."""
        return bool(self.group)


@dataclass(frozen=True)
class Positional:
    """Marks a field that the command line takes by position, not by a flag."""


@dataclass(frozen=True)
class SamePass:
    """Marks a field in which runs must agree to share the passes of one base model."""


@dataclass(frozen=True)
class OneRun:
    """Marks a field that is about one run alone, such as where it is logged: no preset holds it."""


@dataclass(frozen=True)
class OnlyWith:
    """Marks a field that has an effect only while the bool `field` is true.

    Where `field` is a list of names, at least one of `among` must be in it.
    """

    field: str
    among: tuple[str, ...] = ()
