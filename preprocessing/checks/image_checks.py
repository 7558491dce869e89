"""Checks of the pictures; each looks at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preprocessing.checks.measurements import Measurements
from preprocessing.checks.near_duplicates import group_duplicates
from preprocessing.checks.sharpness import BLURRED_BELOW
from preprocessing.cropping.auto_size import cut_share

Kind = Literal[
    "unreadable", "few pictures", "too small", "blurred", "near-duplicates", "extreme aspect",
    "transparent",
    "no caption", "long caption", "name in caption", "shared words", "template",
]  # fmt: skip
_MAX_CUT = 0.5
_MIN_PICTURES = 3  # 3 to 5 were used in arXiv:2208.01618


@dataclass(frozen=True)
class Finding:
    """A problem to consider before training: a sentence, and the pictures it is about."""

    kind: Kind
    message: str
    pictures: tuple[Path, ...] = ()


def check_number(num_pictures: int) -> Iterator[Finding]:
    """Yield a finding if the pictures are too few to tell the subject from the background."""
    if num_pictures < _MIN_PICTURES:
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


def check_pictures(
    measured: Sequence[Measurements], *, width: int, height: int
) -> Iterator[Finding]:
    """Yield problems of the pictures: small, blurred, extreme, transparent, near duplicates."""
    small = [picture for picture in measured if picture.width < width or picture.height < height]
    sizes = f"{width} x {height}"
    yield from _finding(
        "too small", small,
        lambda n: f"{_pictures(n)} smaller than {sizes} and would be enlarged, so blur is learned; "
        "replace them by larger originals.",
    )  # fmt: skip
    blurred = [
        picture
        for picture in measured
        if picture not in small and picture.sharpness < BLURRED_BELOW
    ]
    yield from _finding(
        "blurred", blurred,
        lambda n: f"{_pictures(n)} blurred or nearly without detail (variance of the Laplacian at "
        f"{sizes} below {BLURRED_BELOW:.0f}; photographs in focus have 90 and more).",
    )  # fmt: skip
    extreme = [picture for picture in measured if _cut(picture, width, height) > _MAX_CUT]
    yield from _finding(
        "extreme aspect", extreme,
        lambda n: f"{_pictures(n)} of a shape that loses more than half to a crop to {sizes}; "
        "split or crop by hand.",
    )  # fmt: skip
    yield from _finding(
        "transparent", [picture for picture in measured if picture.is_transparent],
        lambda n: f"{_pictures(n)} partly transparent; white is put behind unless the transparency "
        "is used as a mask.",
    )  # fmt: skip
    yield from _near_duplicates(measured)


def _near_duplicates(measured: Sequence[Measurements]) -> Iterator[Finding]:
    alike = group_duplicates(
        [picture.hash for picture in measured], [picture.colors for picture in measured]
    )
    for group in alike:
        yield Finding(
            "near-duplicates",
            f"{len(group)} pictures are nearly the same, so what they show counts {len(group)} "
            "times; keep the best one.",
            tuple(measured[index].path for index in group),
        )


def _finding(
    kind: Kind, measured: Sequence[Measurements], words: Callable[[int], str]
) -> Iterator[Finding]:
    if measured:
        yield Finding(kind, words(len(measured)), tuple(picture.path for picture in measured))


def _pictures(count: int) -> str:
    return "1 picture is" if count == 1 else f"{count} pictures are"


def _cut(look: Measurements, width: int, height: int) -> float:
    return cut_share((look.width, look.height), (width, height))
