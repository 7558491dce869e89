"""Choices that have no effect beside the others: said, so that nobody relies on them."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.knobs import Knob, walk
from textual_inversion.settings import OnlyWith, PreprocessSettings

_ON_PIXELS = (
    "keep_original_size", "split_oversized", "focal_crop", "auto_sized_crop", "keep_alpha",
)  # fmt: skip


def idle_choices(settings: PreprocessSettings) -> Iterator[str]:
    """Word each choice that changes nothing, as the user made it."""
    knobs = {knob.path: knob for knob in walk(PreprocessSettings)}
    for knob in knobs.values():
        switch = _switch(knob)
        if switch and not getattr(settings, switch) and _is_changed(settings, knob):
            label = knobs[switch].ui.label
            yield f"{knob.ui.label} has no effect while {label} is off."
    if settings.output_format == "captions":
        idle = [knobs[path].ui.label for path in _ON_PIXELS if getattr(settings, path)]
        if settings.flipped_copies != "none":
            idle.append(knobs["flipped_copies"].ui.label)
        if idle:
            yield f"Only captions are written, so this has no effect: {', '.join(idle)}."
    elif (settings.keep_original_size and not settings.split_oversized) and (
        settings.width or settings.height
    ):
        yield "Width and height have no effect while the original size is kept."


def _switch(knob: Knob) -> str | None:
    metadata = PreprocessSettings.model_fields[knob.path].metadata
    return next((item.field for item in metadata if isinstance(item, OnlyWith)), None)


def _is_changed(settings: PreprocessSettings, knob: Knob) -> bool:
    return getattr(settings, knob.path) != knob.default
