"""The core's sentences in the words of the page: a setting is named by its field's label.

The core names settings as files and flags do, `max_steps` and `--max-steps`, which nobody sees on
a page.
"""

from __future__ import annotations

import re
from functools import lru_cache

from textual_inversion.settings import Settings
from textual_inversion.settings.knobs import walk

# At the beginning of a sentence or of a list's item, where the core writes no other small letter.
_FIRST = r"(?:^|(?<=; ))({paths})(?=:? )"
_FLAG_ASIDE = r" \(({flags})\)"
_FLAG = r"(?:^|(?<=[^\w-]))({flags})(?![\w-])"
# Elsewhere only names that can be no word of the sentence, nor part of a file's name.
_INSIDE = r"(?:^|(?<=[^\w./-]))({joined})(?![\w/-]|\.\w)"


def in_labels(text: str, model: type[Settings]) -> str:
    """Name the settings of `model` in a sentence by their fields' labels."""
    patterns, labels = _patterns(model)
    first, aside, *others = patterns
    text = aside.sub("", text)
    text = first.sub(lambda found: labels[found[1]], text)
    for pattern in others:
        text = pattern.sub(lambda found: f'"{labels[found[1]]}"', text)
    return text


def named_path(text: str, model: type[Settings]) -> str:
    """Find the path of the setting that a sentence names first, as `max_steps` or by its label."""
    words = [(word, knob.path) for knob in walk(model) for word in (knob.path, knob.ui.label)]
    # The longest of those that begin at the same place.
    places = [(_place(text, word), -len(word), path) for word, path in words]
    return min((found for found in places if found[0] >= 0), default=(0, 0, ""))[2]


def _place(text: str, word: str) -> int:
    # In any case: a sentence writes a label small.
    match = re.search(rf"(?:^|(?<=[^\w-])){re.escape(word)}(?![\w-])", text, re.IGNORECASE)
    return match.start() if match else -1


@lru_cache
def _patterns(model: type[Settings]) -> tuple[list[re.Pattern[str]], dict[str, str]]:
    knobs = list(walk(model))
    labels = {name: knob.ui.label for knob in knobs for name in (knob.path, knob.flag)}
    paths = [knob.path for knob in knobs]
    words = {
        "paths": _any_of(paths),
        "flags": _any_of([knob.flag for knob in knobs]),
        "joined": _any_of([path for path in paths if "_" in path]),
    }
    patterns = [_FIRST, _FLAG_ASIDE, _FLAG, _INSIDE]
    return [re.compile(pattern.format_map(words)) for pattern in patterns], labels


def _any_of(words: list[str]) -> str:
    # A pattern that nothing matches where there are none.
    return "|".join(map(re.escape, words)) or r"(?!)"
