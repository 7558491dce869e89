"""What may be wrong with pictures: each rule looks at all of them and finds at most one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preprocessing.checks.measurements import Look
from preprocessing.checks.near_duplicates import groups_of_alike
from preprocessing.checks.sharpness import BLURRED_BELOW
from preprocessing.cropping.auto_size import mismatch

Kind = Literal[
    "unreadable", "few pictures", "too small", "blurred", "near-duplicates", "extreme aspect",
    "transparent",
    "no caption", "long caption", "name in caption", "shared words", "template",
]  # fmt: skip
_MOST_CUT = 0.5
_FEWEST_PICTURES = 3  # 3 to 5 were used in arXiv:2208.01618


@dataclass(frozen=True)
class Finding:
    """One thing to look at before training: a sentence, and the pictures it is about."""

    kind: Kind
    message: str
    pictures: tuple[Path, ...] = ()


def in_number(num_pictures: int) -> Iterator[Finding]:
    """Yield that there are too few pictures to tell the subject from what is around it."""
    if num_pictures < _FEWEST_PICTURES:
        only = (
            "There is no usable picture"
            if not num_pictures
            else f"Only {_pictures(num_pictures)} usable"
        )
        yield Finding(
            "few pictures",
            f"{only}; from so few the background is learned with the subject, 3 to 20 different "
            "ones are usual.",
        )


def in_pictures(looks: Sequence[Look], *, width: int, height: int) -> Iterator[Finding]:
    """Yield what may be wrong with the pictures themselves."""
    small = [one for one in looks if one.width < width or one.height < height]
    sizes = f"{width} x {height}"
    yield from _finding(
        "too small", small,
        lambda n: f"{_pictures(n)} smaller than {sizes} and would be enlarged, which teaches blur; "
        "replace by larger originals.",
    )  # fmt: skip
    blurred = [one for one in looks if one not in small and one.sharpness < BLURRED_BELOW]
    yield from _finding(
        "blurred", blurred,
        lambda n: f"{_pictures(n)} blurred or nearly without detail (variance of the Laplacian at "
        f"{sizes} below {BLURRED_BELOW:.0f}; photographs in focus have 90 and more).",
    )  # fmt: skip
    extreme = [one for one in looks if _cut(one, width, height) > _MOST_CUT]
    yield from _finding(
        "extreme aspect", extreme,
        lambda n: f"{_pictures(n)} of a shape that loses more than half to a crop to {sizes}; "
        "split or crop by hand.",
    )  # fmt: skip
    yield from _finding(
        "transparent", [one for one in looks if one.is_transparent],
        lambda n: f"{_pictures(n)} partly transparent; white is put behind unless the transparency "
        "is used as a mask.",
    )  # fmt: skip
    yield from _near_duplicates(looks)


def _near_duplicates(looks: Sequence[Look]) -> Iterator[Finding]:
    alike = groups_of_alike([one.hash for one in looks], [one.colours for one in looks])
    for group in alike:
        yield Finding(
            "near-duplicates",
            f"{len(group)} pictures are nearly the same, so what they show counts {len(group)} "
            "times; keep the best one.",
            tuple(looks[index].path for index in group),
        )


def _finding(kind: Kind, looks: Sequence[Look], words: Callable[[int], str]) -> Iterator[Finding]:
    if looks:
        yield Finding(kind, words(len(looks)), tuple(one.path for one in looks))


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count} pictures are"


def _cut(look: Look, width: int, height: int) -> float:
    return mismatch((look.width, look.height), (width, height))
