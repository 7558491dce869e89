"""The values of an axis, written as A1111's X/Y/Z plot has them. Pure: text in, values out.

Lists have commas, quotes keep a comma: `a, "b, c"`. Numbers know the ranges `1-5` (each whole
number), `1-10 (+2)` (every second) and `1-10 [5]` (five of them, evenly spaced), as A1111's
`scripts/xyz_grid.py` (version 1.10) reads them. Unlike there, a range never goes beyond its end,
and one that falls counts down by itself.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from itertools import chain

from textual_inversion.errors import SettingsError

MOST_VALUES = 1000
_NUMBER = r"[+-]?\s*(?:\d+(?:\.\d*)?|\.\d+)"
_RANGE = re.compile(
    rf"(?P<start>{_NUMBER})\s*-\s*(?P<end>{_NUMBER})\s*"
    rf"(?:\(\s*(?P<step>{_NUMBER})\s*\)|\[\s*(?P<count>\d+)\s*\])?"
)
_ENDLESS = re.compile(rf"{_NUMBER}\s*-\s*(?:\(.*\)|\[.*\])?")
_MOST_DIGITS = 18
Number = int | float


def split_values(text: str, *, keep_empty: bool = False) -> list[str]:
    """Split a list at commas and line ends; quotes keep commas. Blank lines say nothing.

    Raises:
        SettingsError: A value is too long, or the text has a NUL.
    """
    try:
        rows = list(csv.reader(io.StringIO(text), skipinitialspace=True))
    except csv.Error as error:
        raise SettingsError(f"The values cannot be read ({error}); shorten them.") from None
    values = [value.strip() for value in chain.from_iterable(rows)]
    return values if keep_empty else [value for value in values if value]


def read_numbers(text: str, *, whole: bool) -> list[Number]:
    """Read a list of numbers and ranges; `whole` ones are returned as int.

    Raises:
        SettingsError: One is no number, a range has no end or never reaches it, or there are more
            than `MOST_VALUES`.
    """
    values: list[Number] = []
    for part in split_values(text):
        match = _RANGE.fullmatch(part)
        values += _expand(part, match, whole=whole) if match else [_number(part, whole=whole)]
        if len(values) > MOST_VALUES:
            raise SettingsError(_too_many(text, len(values)))
    return values


def is_range(text: str) -> bool:
    """Whether a value of a list is a range."""
    return _RANGE.fullmatch(text) is not None


def _number(part: str, *, whole: bool) -> Number:
    if _ENDLESS.fullmatch(part) and not re.fullmatch(_NUMBER, part):
        raise SettingsError(
            f"{part!r} is a range without an end; write it as 1-10, 1-10 (+2) or 1-10 [5]."
        )
    if not re.fullmatch(_NUMBER, part) or len(part) > _MOST_DIGITS:
        raise SettingsError(
            f"{part[:60]!r} is not a number; write numbers such as 1, 2, 5 or ranges such as "
            "1-10 (+2)."
        )
    return _plain(_decimal(part), part, whole=whole)


def _expand(part: str, match: re.Match[str], *, whole: bool) -> list[Number]:
    if len(part) > 4 * _MOST_DIGITS:
        raise SettingsError(f"{part[:60]!r} … is too long for a range.")
    start, end = _decimal(match["start"]), _decimal(match["end"])
    if match["count"] is not None:
        return _spaced(part, start, end, int(match["count"]), whole=whole)
    step = _decimal(match["step"]) if match["step"] else Decimal(1 if end >= start else -1)
    if step == 0 or (end - start) * step < 0:
        raise SettingsError(
            f"The range {part!r} never reaches its end in steps of {step:+g}; turn the step around."
        )
    count = int((end - start) / step) + 1
    if count > MOST_VALUES:
        raise SettingsError(_too_many(part, count))
    return [_plain(start + step * index, part, whole=whole) for index in range(count)]


def _spaced(part: str, start: Decimal, end: Decimal, count: int, *, whole: bool) -> list[Number]:
    """Space numbers evenly; whole ones lose their fraction, as A1111's do."""
    if not 1 <= count <= MOST_VALUES:
        problem = _too_many(part, count) if count else f"The range {part!r} has no values."
        raise SettingsError(problem)
    stride = (end - start) / (count - 1) if count > 1 else Decimal(0)
    exact = [start + stride * index for index in range(count)]
    return [int(value) if whole else float(value) for value in exact]


def _plain(value: Decimal, part: str, *, whole: bool) -> Number:
    if not whole:
        return float(value)
    if value != int(value):
        raise SettingsError(f"{part!r} is not a whole number; leave out its fraction.")
    return int(value)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(" ", ""))


def _too_many(text: str, count: int) -> str:
    return (
        f"{text[:60]!r} is {count:,} values, and an axis takes at most {MOST_VALUES:,}; take a "
        "larger step."
    )
