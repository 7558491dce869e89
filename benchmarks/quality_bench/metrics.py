"""From what the judge says of one embedding's pictures to its scores. Pure numpy.

N pictures, T training pictures, E the embedding's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.quality_bench.prompts import Asked

_SUBJECT_KINDS = ("plain", "background", "style")


class Verdicts(Protocol):
    """What the judge says of N pictures (`judging/verdicts.py`)."""

    @property
    def concepts(self) -> np.ndarray: ...  # noqa: D102

    @property
    def styles(self) -> list[str]: ...  # noqa: D102

    @property
    def backgrounds(self) -> list[str]: ...  # noqa: D102

    @property
    def counts(self) -> np.ndarray: ...  # noqa: D102

    @property
    def embeddings(self) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True)
class Scores:
    """Each from 0 to 1, but the cosines, from -1 to 1, and the length, in those of a word."""

    likeness: float
    """The mean probability that the picture shows the concept: plain, on backgrounds, in styles."""
    cosine: float
    """The mean cosine between those pictures' embeddings and the training pictures' mean."""
    unseen_style: float
    """The probability of the concept in the style that it was never shown in."""
    background: float
    style: float
    beside: float
    """How surely the other thing is there: twice its probability, 1 at most."""
    two: float
    diversity: float
    """The root mean square difference between plain pictures from different noise."""
    length: float = float("nan")

    @property
    def obedience(self) -> float:
        """The mean of background, style and the other thing."""
        return (self.background + self.style + self.beside) / 3

    @property
    def harmonic(self) -> float:
        """The harmonic mean of likeness and obedience."""
        return harmonic(self.likeness, self.obedience)


def harmonic(first: float, second: float) -> float:
    """Return the harmonic mean of two numbers from 0 to 1; 0 where one of them is 0."""
    return 2 * first * second / (first + second) if first and second else 0.0


def score(
    asked: Sequence[Asked],
    verdicts: Verdicts,
    pictures: np.ndarray,
    *,
    concept: int,
    others: dict[str, int],
    shown: np.ndarray,
    unseen_style: str,
) -> Scores:
    """Score the pictures (N, H, W, 3) drawn for `asked`.

    Args:
        asked: The prompt of each picture.
        verdicts: What the judge says of them.
        pictures: The pictures, uint8.
        concept: The judge's column of the concept that is learned.
        others: The columns of the things asked for beside it.
        shown: The embeddings of the training pictures (T, E).
        unseen_style: The style that was not among them.
    """
    kinds = np.array([one.kind for one in asked])
    wanted = [one.wanted for one in asked]
    subject = np.isin(kinds, _SUBJECT_KINDS)
    probability = verdicts.concepts[:, concept]
    unseen = np.array([one.kind == "style" and one.wanted == unseen_style for one in asked])
    beside = [
        min(1.0, 2 * verdicts.concepts[row, others[one.wanted]])
        for row, one in enumerate(asked)
        if one.kind == "beside"
    ]
    return Scores(
        likeness=float(probability[subject].mean()),
        cosine=float((verdicts.embeddings[subject] @ _direction(shown)).mean()),
        unseen_style=_mean(probability[unseen]),
        background=_share(verdicts.backgrounds, wanted, kinds == "background"),
        style=_share(verdicts.styles, wanted, kinds == "style"),
        beside=_mean(beside),
        two=_mean(verdicts.counts[kinds == "two"] == 2),
        diversity=diversity(pictures[kinds == "plain"]),
    )


def diversity(pictures: np.ndarray) -> float:
    """Return the mean root mean square difference of two of N uint8 pictures, 0 to 1."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float64) / 255
    pairs = [np.sqrt(((flat[i] - flat[j]) ** 2).mean()) for i in range(len(flat)) for j in range(i)]
    return _mean(pairs)


def _direction(embeddings: np.ndarray) -> np.ndarray:
    """Return the direction of the mean of (T, E): (E,), of length 1."""
    mean = embeddings.mean(0)
    return mean / np.linalg.norm(mean)


def _share(said: list[str], wanted: list[str], among: np.ndarray) -> float:
    return _mean([said[i] == wanted[i] for i in np.flatnonzero(among)])


def _mean(values: Sequence[float] | Sequence[bool] | np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
