"""Flags rendered from the knobs of a settings class, and settings read from them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, TypeVar

from textual_inversion.settings import (
    BatchSettings,
    CheckCommandSettings,
    CreateSettings,
    EvaluateSettings,
    GenerateSettings,
    GridSettings,
    PreprocessSettings,
    Settings,
    SuggestSettings,
    SweepSettings,
    TrainSettings,
    read_settings_file,
)
from textual_inversion.settings.knobs import Knob, walk
from textual_inversion.settings.workshop import PruneSettings, WorkshopSettings

# The commands whose flags are settings.
SETTINGS: dict[str, type[Settings]] = {
    "create": CreateSettings,
    "preprocess": PreprocessSettings,
    "check": CheckCommandSettings,
    "suggest-words": SuggestSettings,
    "train": TrainSettings,
    "sweep": SweepSettings,
    "batch": BatchSettings,
    "generate": GenerateSettings,
    "grid": GridSettings,
    "evaluate": EvaluateSettings,
    "workshop": WorkshopSettings,
    "prune": PruneSettings,
}
_NOT_SETTINGS = {
    *("command", "settings_file", "events", "queue", "push_to_hub", "yes", "json"),
    *("look", "look_prompt"),
}

SettingsType = TypeVar("SettingsType", bound=Settings)


def add_flags(parser: argparse.ArgumentParser, model: type[Settings]) -> None:
    """Add a flag for each setting, and `--settings`."""
    parser.description = " ".join((model.__doc__ or "").split())
    for knob in walk(model):
        _add_knob(parser, knob)
    parser.add_argument(
        "--settings",
        dest="settings_file",
        type=Path,
        metavar="FILE",
        help="Take settings from a JSON file, such as a run folder's settings.json; "
        "flags come before it.",
    )


def add_events_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--events`, for a command that runs a job."""
    parser.add_argument(
        "--events",
        choices=["text", "json"],
        default="text",
        help="Print progress as text, or as one JSON event a line. (default: text)",
    )


def _add_knob(parser: argparse.ArgumentParser, knob: Knob) -> None:
    """Add one flag, without a default of its own: a settings file comes behind it."""
    text = knob.help.replace("%", "%%")
    if not knob.required:
        default = {"": "empty", (): "none"}.get(knob.default, knob.default)
        text += f" (default: {default})"
    options: dict[str, Any] = {"help": text, "default": argparse.SUPPRESS}
    if knob.positional:
        # Optional here, because a settings file may name it; pydantic asks for what is missing.
        parser.add_argument(knob.path, nargs="?", metavar=knob.path.upper(), **options)
    elif knob.kind == "bool":
        parser.add_argument(
            knob.flag, dest=knob.path, action=argparse.BooleanOptionalAction, **options
        )
    elif knob.kind == "multi" and not knob.choices:
        parser.add_argument(knob.flag, dest=knob.path, nargs="+", metavar="TEXT", **options)
    elif knob.kind == "choice":
        parser.add_argument(knob.flag, dest=knob.path, choices=list(knob.choices), **options)
    else:
        names = {"int": "N", "float": "X", "multi": ",".join(knob.choices)}
        metavar = names.get(knob.kind, "TEXT")
        parser.add_argument(knob.flag, dest=knob.path, metavar=metavar, **options)


def has_settings(args: argparse.Namespace) -> bool:
    """Tell whether a setting or a settings file is given at all."""
    return bool(args.settings_file) or not _NOT_SETTINGS.issuperset(vars(args))


def given_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Collect the settings that flags give."""
    return {key: value for key, value in vars(args).items() if key not in _NOT_SETTINGS}


def read_settings(args: argparse.Namespace, model: type[SettingsType]) -> SettingsType:
    """Merge a settings file and the flags into settings.

    Raises:
        SettingsError: A value is missing or out of its bounds, or the file cannot be read.
    """
    given = given_settings(args)
    stored = read_settings_file(args.settings_file) if args.settings_file else {}
    return model.build(model.merge(stored, given))
