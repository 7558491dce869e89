"""The command line that does what a form says: what nobody chose is left out."""

from __future__ import annotations

import shlex

from textual_inversion.settings import Settings
from textual_inversion.settings.knobs import Knob, walk


def command_line(job: str, settings: Settings) -> str:
    """Write `ti <job> …` so that a shell gives it the same settings."""
    arguments: list[str] = []
    flags: list[str] = []
    unchosen = settings.unchosen()
    for knob in walk(type(settings)):
        value = getattr(settings, knob.path)
        if knob.positional:
            arguments.append(shlex.quote(str(value)))
        elif value != unchosen.get(knob.path):
            flags.append(_flag(knob, value))
    # A word that begins with a dash would be taken for a flag.
    marked = (
        ["--", *arguments] if any(argument.startswith("-") for argument in arguments) else arguments
    )
    return " ".join(
        ["ti", job, *flags, *marked] if marked != arguments else ["ti", job, *arguments, *flags]
    )


def _flag(knob: Knob, value: object) -> str:
    if knob.kind == "bool":
        return knob.flag if value else knob.flag.replace("--", "--no-", 1)
    text = shlex.quote(",".join(value) if isinstance(value, tuple) else str(value))
    return f"{knob.flag}={text}" if text.startswith(("-", "'-")) else f"{knob.flag} {text}"
