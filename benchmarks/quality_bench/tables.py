"""The tables that the bench prints. Pure: scores in, Markdown out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.quality_bench.bootstrap import difference, interval
from benchmarks.quality_bench.metrics import Scores

Results = Mapping[str, Sequence[Scores]]
"""The scores of each method, concept by concept in the same order."""
_WITH_INTERVALS = ("likeness", "obedience", "harmonic")
_MEANS = (
    "cosine",
    "unseen_style",
    "background",
    "style",
    "beside",
    "two",
    "diversity",
    "length",
)


def main_table(results: Results) -> str:
    """Give likeness, obedience and their harmonic mean with 95 % intervals over concepts."""
    rows = [
        [name, *(str(interval(column(scores, what))) for what in _WITH_INTERVALS)]
        for name, scores in results.items()
    ]
    return _table(["", *_WITH_INTERVALS], rows)


def parts_table(results: Results) -> str:
    """Give the means of everything else."""
    rows = [
        [name, *(_number(np.mean(column(scores, what))) for what in _MEANS)]
        for name, scores in results.items()
    ]
    return _table(["", *(what.replace("_", " ") for what in _MEANS)], rows)


def difference_table(results: Results, ours: str, theirs: Sequence[str]) -> str:
    """Give ours - theirs, concept by concept, with 95 % intervals."""
    rows = [
        [
            name,
            *(
                difference(column(results[ours], what), column(results[name], what)).signed
                for what in _WITH_INTERVALS
            ),
        ]
        for name in theirs
    ]
    return _table([f"{ours} less …", *_WITH_INTERVALS], rows)


def column(scores: Sequence[Scores], what: str) -> list[float]:
    """List one number of every concept."""
    return [getattr(one, what) for one in scores]


def _number(value: float | np.floating) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
