"""Find settings that have no effect beside the others, to warn of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual_inversion.settings import OnlyWith, PreprocessSettings
from textual_inversion.settings.knobs import Knob, walk

_SIZES = ("focal_crop", "auto_sized_crop")
_PIXELS = ("keep_original_size", "flipped_copies", "split_oversized", *_SIZES, "keep_alpha")


def inactive_choices(settings: PreprocessSettings) -> Iterator[str]:
    """Yield a sentence for each setting that has no effect beside the others."""
    knobs = {knob.path: knob for knob in walk(PreprocessSettings)}
    for path, switch in _inactive_fields(settings):
        state = f"{_label(knobs, switch.field)} {_state(settings, switch)}"
        yield f"{_label(knobs, path)} has no effect while {state}."
    if settings.output_format == "captions":
        for path in _changed(settings, knobs, _PIXELS):
            yield f"{_label(knobs, path)} has no effect while only captions are written."
    elif settings.keep_original_size:
        sizes = _SIZES if settings.split_oversized else ("width", "height", *_SIZES)
        for path in _changed(settings, knobs, sizes):
            yield f"{_label(knobs, path)} has no effect while pictures keep their original size."
    if settings.keep_alpha and settings.output_format == "jpeg":
        yield "JPEG files have no transparency to keep; choose PNG or WebP for it."


def without_inactive(settings: PreprocessSettings) -> PreprocessSettings:
    """Return the settings with those that depend on a disabled switch at their defaults."""
    fields = PreprocessSettings.model_fields
    defaults = {path: fields[path].default for path, _ in _inactive_fields(settings)}
    return settings.model_copy(update=defaults)


def _inactive_fields(settings: PreprocessSettings) -> Iterator[tuple[str, OnlyWith]]:
    """Yield each changed field that has no effect, with the switch that would enable it."""
    for path, info in PreprocessSettings.model_fields.items():
        switch = next((item for item in info.metadata if isinstance(item, OnlyWith)), None)
        if switch and not _is_on(settings, switch) and getattr(settings, path) != info.default:
            yield path, switch


def _is_on(settings: PreprocessSettings, switch: OnlyWith) -> bool:
    value = getattr(settings, switch.field)
    return any(name in value for name in switch.among) if switch.among else bool(value)


def _state(settings: PreprocessSettings, switch: OnlyWith) -> str:
    if switch.among:
        return f"has no {' or '.join(switch.among)}"
    return "is off" if getattr(settings, switch.field) is False else "is empty"


def _changed(
    settings: PreprocessSettings, knobs: Mapping[str, Knob], paths: tuple[str, ...]
) -> list[str]:
    return [path for path in paths if getattr(settings, path) != knobs[path].default]


def _label(knobs: Mapping[str, Knob], path: str) -> str:
    return knobs[path].ui.label
