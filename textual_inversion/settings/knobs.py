"""One walk over the settings: what the command line, the page and the table are rendered from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from textual_inversion.settings.base import Settings
from textual_inversion.settings.markers import OneRun, Positional, Ui

Kind = Literal["text", "int", "float", "bool", "choice", "multi"]
_KINDS: dict[Any, Kind] = {str: "text", int: "int", float: "float", bool: "bool"}


@dataclass(frozen=True)
class Knob:
    """One setting as a form sees it; `required` ones have no default, no preset holds `one_run`."""

    path: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    required: bool
    positional: bool
    ui: Ui
    one_run: bool = False

    @property
    def flag(self) -> str:
        """The command line's spelling: `--max-steps`."""
        return "--" + self.path.replace("_", "-")


def walk(model: type[Settings]) -> Iterator[Knob]:
    """Yield a knob for every field of `model`, in the order of declaration."""
    for path, info in model.model_fields.items():
        yield _knob(path, info)


def _knob(path: str, info: FieldInfo) -> Knob:
    kind, choices, inner = _unwrap(info.annotation)
    minimum, maximum = _bounds([*info.metadata, *inner])
    ui = next(item for item in info.metadata if isinstance(item, Ui))
    return Knob(
        path=path,
        kind=kind,
        default=None if info.default is PydanticUndefined else info.default,
        help=" ".join((info.description or "").split()),
        choices=choices,
        minimum=minimum,
        maximum=maximum,
        required=info.is_required(),
        positional=any(isinstance(item, Positional) for item in info.metadata),
        ui=ui,
        one_run=any(isinstance(item, OneRun) for item in info.metadata),
    )


def _unwrap(annotation: Any) -> tuple[Kind, tuple[str, ...], list[Any]]:
    """Look through nested `Annotated` to the plain type; the metadata found inside comes last."""
    metadata: list[Any] = []
    while hasattr(annotation, "__metadata__"):
        for item in annotation.__metadata__:
            metadata += item.metadata if isinstance(item, FieldInfo) else [item]
        annotation = annotation.__origin__
    if get_origin(annotation) is Literal:
        return "choice", tuple(get_args(annotation)), metadata
    if get_origin(annotation) is tuple:
        return "multi", _unwrap(get_args(annotation)[0])[1], metadata
    return _KINDS[annotation], (), metadata


def _bounds(metadata: list[Any]) -> tuple[float | None, float | None]:
    minimum: Any = None
    maximum: Any = None
    for item in metadata:
        if isinstance(item, annotated_types.Ge):
            minimum = item.ge
        elif isinstance(item, annotated_types.Le):
            maximum = item.le
        elif isinstance(item, annotated_types.Lt):
            # Only whole numbers are declared with `lt`.
            maximum = int(item.lt) - 1  # pyright: ignore
    return minimum, maximum
