"""Write docs/options.md, the table of all options, from the knobs."""

from __future__ import annotations

from pathlib import Path

from commandline.flags import SETTINGS
from textual_inversion.settings import (
    BatchSettings,
    Settings,
    SweepFormSettings,
    SweepSettings,
    TrainSettings,
)
from textual_inversion.settings.knobs import Knob, walk

# The forms that have other fields than the command.
_FORMS: dict[type[Settings], type[Settings] | None] = {
    BatchSettings: None,
    SweepSettings: SweepFormSettings,
}
PATH = Path(__file__).resolve().parents[1] / "docs" / "options.md"


def render() -> str:
    """Return the text of docs/options.md."""
    parts = [
        "# Options\n\nEvery option is a flag of the command line and, but for those of `ti batch`, "
        'a control of the page; "-" where there is none. Written by '
        "`python tools/options_table.py`; edit "
        "`textual_inversion/settings/`.\n"
    ]
    for command, model in SETTINGS.items():
        own, more = _own(model)
        drawn = _FORMS.get(model, model)
        rows = "\n".join(
            _row(knob, on_page=drawn is not None and knob.path in drawn.model_fields)
            for knob in own
        )
        parts.append(
            f"## ti {command}\n\n{' '.join((model.__doc__ or '').split())}{more}\n\n"
            "| flag | on the page | default | values | what it does |\n|---|---|---|---|---|\n"
            f"{rows}\n"
        )
    return "\n".join(parts)


def _own(model: type[Settings]) -> tuple[list[Knob], str]:
    """List the knobs of a command; of those that train, only what `ti train` does not have."""
    knobs = list(walk(model))
    if model is TrainSettings or not issubclass(model, TrainSettings):
        return knobs, ""
    left_out = ", ".join(
        f"`{knob.path.upper() if knob.positional else knob.flag}`"
        for knob in walk(TrainSettings)
        if knob.path not in model.model_fields
    )
    own = [knob for knob in knobs if knob.path not in TrainSettings.model_fields]
    return own, f" Takes the options of `ti train` as well, but for {left_out}."


def _row(knob: Knob, *, on_page: bool) -> str:
    flag = knob.path.upper() if knob.positional else knob.flag
    cells = (
        f"`{flag}`",
        knob.ui.label if on_page else "-",
        _default(knob),
        _values(knob),
        knob.help,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(knob: Knob) -> str:
    if knob.required:
        return "required"
    if knob.kind == "bool":
        return "on" if knob.default else "off"
    words = {"": "empty", (): "none"}
    return words.get(knob.default, f"`{knob.default}`")


def _values(knob: Knob) -> str:
    if knob.choices:
        any_of = "any of " if knob.kind == "multi" else ""
        return any_of + ", ".join(f"`{choice}`" for choice in knob.choices)
    if knob.minimum is None and knob.maximum is None:
        return {"bool": "on, off"}.get(knob.kind, "text")
    low = "" if knob.minimum is None else f"{knob.minimum:g}"
    high = "" if knob.maximum is None else f"{knob.maximum:,.0f}".replace(",", " ")
    return f"{low} to {high}" if high else f"from {low}"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
