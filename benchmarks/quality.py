"""Judge embeddings by their pictures: ours in each mode beside other programs' loops.

    python benchmarks/quality.py --smoke                   # four concepts, at most an hour
    python benchmarks/quality.py                           # all 25

Each method learns a concept that the pocket model never saw, from four pictures in four styles and
from the same word; then twenty pictures are drawn for the same prompts from the same noise, and the
judge (`judge.py`) looks at them. Rivals are judged twice: after as many pictures as ours has seen,
and after as many of the processor's seconds. Every result is kept in the cache folder, so an
interrupted bench goes on where it was. Beside the methods stand two bounds: the word that all start
from, and what the model makes of words that it knows, judged as what they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judging.verdicts import white_pictures  # noqa: E402
from benchmarks.quality_bench import pace, tables  # noqa: E402
from benchmarks.quality_bench.bench import Bench  # noqa: E402
from benchmarks.quality_bench.concepts import KNOWN, Subject, subjects  # noqa: E402
from benchmarks.quality_bench.methods import (  # noqa: E402
    LATER,
    NAMES,
    TUNED,
    Method,
    all_methods,
)
from benchmarks.quality_bench.metrics import Scores  # noqa: E402
from benchmarks.quality_bench.prompts import all_asked  # noqa: E402
from benchmarks.quality_bench.sheets import SheetRow, write_sheet  # noqa: E402
from benchmarks.quality_bench.tuning import tune  # noqa: E402
from tools.pocket_model.data import DEFAULT_CACHE, STYLES  # noqa: E402

WORD, KNOWN_WORDS = "the word", "known words, for themselves"
# Of the twenty pictures the sheet shows two plain ones, one on blue, one in the unseen style.
_PLAIN, _BLUE, _STYLES = (0, 1), 7, 10


@dataclass(frozen=True)
class Drawn:
    """The pictures of one row of the table for one concept."""

    row: str
    subject: Subject
    pictures: np.ndarray  # (N, 128, 128, 3)
    vectors: np.ndarray | None = None  # (V, D)


def draw_words(bench: Bench, subject: Subject, known: str) -> list[Drawn]:
    """Draw the word to start from, and a known word that is judged as what it is."""
    asked = all_asked()
    itself = Subject(known, known, subject.unseen_style)
    return [
        Drawn(WORD, subject, bench.draw(f"word-{subject.word}", asked, subject.word)),
        Drawn(KNOWN_WORDS, itself, bench.draw(f"word-{known}", asked, known)),
    ]


def draw_method(
    bench: Bench, subject: Subject, name: str, method: Method, steps: dict[str, int]
) -> list[Drawn]:
    """Train a method and draw it at each of its budgets; ours has but one."""
    learned = bench.learn(subject, method, list(steps.values()))
    drawn = []
    for budget, step in steps.items():
        is_ours = method.costs_like == "ours"
        row = name if is_ours else f"{name}, equal {budget}"
        pictures = bench.draw(subject.concept, all_asked(), learned[step])
        drawn.append(Drawn(row, subject, pictures, learned[step]))
        if is_ours:
            break
    return drawn


def draw_all(bench: Bench, args: argparse.Namespace) -> list[list[Drawn]]:
    """Train and draw everything, concept by concept."""
    chosen = subjects()[args.skip : args.skip + args.concepts]
    costs = bench.pace(chosen[0])
    print("seconds of the processor for a step: "
          + ", ".join(f"{name} {seconds:.3f}" for name, seconds in costs.items()))  # fmt: skip
    names = args.methods or [name for name in NAMES if not (args.smoke and name in LATER)]
    methods = all_methods(tune(bench, args.tuning_steps) if TUNED in names else None)
    concepts = []
    for index, subject in enumerate(chosen):
        began = time.process_time()
        drawn = draw_words(bench, subject, KNOWN[index % len(KNOWN)])
        for name in names:
            steps = pace.stops(args.steps, methods[name].costs_like, costs)
            drawn += draw_method(bench, subject, name, methods[name], steps)
        concepts.append(drawn)
        seconds = time.process_time() - began
        print(f"{subject.concept}: {seconds:.0f} s of the processor", flush=True)
    return concepts


def judge_all(bench: Bench, concepts: list[list[Drawn]]) -> dict[str, list[Scores]]:
    """Let the judge look at all pictures; give the scores by row of the table."""
    scores: dict[str, list[Scores]] = {}
    for drawn in concepts:
        for one in drawn:
            found = bench.judge(one.subject, all_asked(), one.pictures, one.vectors)
            scores.setdefault(one.row, []).append(found)
    return scores


def sheet_rows(bench: Bench, concepts: list[list[Drawn]]) -> list[SheetRow]:
    """Choose the sheet's pictures: training, the word, and each method at equal pictures seen."""
    rows: list[SheetRow] = []
    for drawn in concepts:
        subject = drawn[0].subject
        training = white_pictures(bench.pictures, bench.rows(subject))
        groups = [("training pictures", list(training[:3]))]
        for one in drawn:
            if one.row != KNOWN_WORDS and not one.row.endswith("seconds"):
                heading = subject.word if one.row == WORD else one.row
                groups.append((heading, _picked(one.pictures, subject)))
        rows.append((f"{subject.concept}, {subject.unseen_style} never shown", groups))
    return rows


def _picked(pictures: np.ndarray, subject: Subject) -> list[np.ndarray]:
    places = (*_PLAIN, _BLUE, _STYLES + STYLES.index(subject.unseen_style))
    return [pictures[place] for place in places]


def main() -> None:
    """Run the bench and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "pocket")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--smoke", action="store_true", help="four concepts, the main methods")
    parser.add_argument("--concepts", type=int, help="how many; 25, or 4 with --smoke")
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500, help="our max steps")
    parser.add_argument("--tuning-steps", type=int, default=150)
    parser.add_argument("--methods", nargs="*", choices=NAMES, help="only these")
    parser.add_argument(
        "--draw-only", action="store_true", help="train and draw, while there is no judge yet"
    )
    parser.add_argument("--sheet", type=Path, default=Path("quality.webp"))
    args = parser.parse_args()
    args.concepts = args.concepts or (4 if args.smoke else 25)
    bench = Bench(args.model, args.cache, args.cache / "quality")
    concepts = draw_all(bench, args)
    write_sheet(sheet_rows(bench, concepts), args.sheet, px=64)
    if args.draw_only:
        return
    scores = judge_all(bench, concepts)
    print(f"\n{tables.main_table(scores)}\n\n{tables.parts_table(scores)}\n")
    if "ours" in scores:
        rivals = [name for name in scores if not name.startswith("ours")]
        print(tables.difference_table(scores, "ours", rivals))


if __name__ == "__main__":
    main()
