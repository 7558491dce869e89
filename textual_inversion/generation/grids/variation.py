"""What an axis does to the settings of a cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from textual_inversion.errors import SettingsError
from textual_inversion.generation.grids import axes as known
from textual_inversion.prompts.placeholders import split_names

_PROMPTS = ("prompt", "negative_prompt")
_EXAMPLES = {
    known.SEARCH: "house, castle, tent",
    known.WEIGHT: "0.6-1.2 (+0.2)",
    known.VECTORS: "1-4",
    "prompt": '"a photo of <name>", "<name>, on a beach"',
}


def example(name: str) -> str:
    """Return values of an axis to show what they look like."""
    knob = known.knobs().get(name)
    of_kind = {"int": "1-10 (+2)", "float": "1-7 (+1.5)"}
    return _EXAMPLES.get(name) or of_kind.get(knob.kind if knob else "", "one, another")


def search_and_replace(fields: dict[str, Any], pair: tuple[str, str] | None) -> dict[str, Any]:
    """Replace a text in both prompts, as A1111's "Prompt S/R" does.

    Raises:
        SettingsError: Neither prompt has it.
    """
    if pair is None:
        return fields
    search, replacement = pair
    if not any(search in fields[name] for name in _PROMPTS):
        raise SettingsError(
            f"Prompt S/R does not find {search[:60]!r} in the prompt or the negative prompt; the "
            "first value is what is searched for."
        )
    return {**fields, **{name: fields[name].replace(search, replacement) for name in _PROMPTS}}


def weigh(fields: dict[str, Any], word: str, weight: float | None) -> dict[str, Any]:
    """Give an embedding a weight wherever the prompts name it: <name> becomes (<name>:weight).

    Raises:
        SettingsError: The emphasis leaves brackets without an effect.
    """
    if weight is None:
        return fields
    if fields["emphasis"] in ("none", "ignore"):
        raise SettingsError(
            f'Weight has no effect with the emphasis "{fields["emphasis"]}"; set it to original.'
        )
    return {**fields, **{name: _weighed(fields[name], word, weight) for name in _PROMPTS}}


def _weighed(prompt: str, word: str, weight: float) -> str:
    # The prompt's language knows no exponents.
    number = f"{Decimal(repr(weight)).normalize():f}"
    pieces = split_names(prompt, [word])
    return "".join(f"({piece.text}:{number})" if piece.name else piece.text for piece in pieces)
