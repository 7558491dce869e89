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
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judging.verdicts import white_pictures  # noqa: E402
from benchmarks.quality_bench import pace, tables  # noqa: E402
from benchmarks.quality_bench.bench import Bench  # noqa: E402
from benchmarks.quality_bench.concepts import KNOWN, Subject, subjects  # noqa: E402
from benchmarks.quality_bench.methods import LATER, Method, all_methods  # noqa: E402
from benchmarks.quality_bench.metrics import Scores  # noqa: E402
from benchmarks.quality_bench.prompts import all_asked  # noqa: E402
from benchmarks.quality_bench.sheets import write_sheet  # noqa: E402
from benchmarks.quality_bench.tuning import tune  # noqa: E402
from tools.pocket_model.data import DEFAULT_CACHE  # noqa: E402

WORD, KNOWN_WORDS = "the word", "known words, for themselves"
# Of the twenty pictures the sheet shows two plain ones, one on blue, one in the unseen style.
_PLAIN, _BLUE, _STYLES = (0, 1), 7, 10


@dataclass
class Round:
    """What was found so far: scores by row of the table, and pictures for the sheet."""

    scores: dict[str, list[Scores]] = field(default_factory=dict)
    shown: list[tuple[str, list[tuple[str, list[np.ndarray]]]]] = field(default_factory=list)

    def add(self, name: str, scores: Scores) -> None:
        """Keep the scores of one more concept."""
        self.scores.setdefault(name, []).append(scores)


def judge_word(bench: Bench, found: Round, subject: Subject, known: str) -> np.ndarray:
    """Judge the word to start from, and a known word as what it is; give the first's pictures."""
    asked = all_asked()
    pictures = bench.draw(f"word-{subject.word}", asked, subject.word)
    found.add(WORD, bench.judge(subject, asked, pictures))
    itself = Subject(known, known, subject.unseen_style)
    found.add(KNOWN_WORDS, bench.judge(itself, asked, bench.draw(f"word-{known}", asked, known)))
    return pictures


def judge_method(
    bench: Bench, found: Round, subject: Subject, name: str, method: Method, steps: dict[str, int]
) -> np.ndarray:
    """Judge a method at each of its budgets; give the pictures at equal pictures seen."""
    asked, shown = all_asked(), np.empty(0)
    learned = bench.learn(subject, method, list(steps.values()))
    for budget, step in steps.items():
        pictures = bench.draw(subject.concept, asked, learned[step])
        scores = bench.judge(subject, asked, pictures, learned[step])
        if method.costs_like == "ours":
            found.add(name, scores)
            return pictures
        found.add(f"{name}, equal {budget}", scores)
        shown = pictures if budget == "pictures" else shown
    return shown


def run(bench: Bench, args: argparse.Namespace) -> Round:
    """Go through the concepts and print a line for each."""
    chosen = subjects()[args.skip : args.skip + args.concepts]
    costs = bench.pace(chosen[0])
    print("seconds of the processor for a step: "
          + ", ".join(f"{name} {seconds:.3f}" for name, seconds in costs.items()))  # fmt: skip
    methods = all_methods(tune(bench, args.tuning_steps))
    names = args.methods or [name for name in methods if not (args.smoke and name in LATER)]
    found = Round()
    for index, subject in enumerate(chosen):
        began = time.process_time()
        word = judge_word(bench, found, subject, KNOWN[index % len(KNOWN)])
        training = list(white_pictures(bench.pictures, bench.rows(subject)))
        groups = [("training pictures", training[:3]), (subject.word, _picked(word, subject))]
        for name in names:
            steps = pace.stops(args.steps, methods[name].costs_like, costs)
            shown = judge_method(bench, found, subject, name, methods[name], steps)
            groups.append((name, _picked(shown, subject)))
        title = f"{subject.concept}, {subject.unseen_style} never shown"
        found.shown.append((title, groups))
        print(
            f"{subject.concept}: {time.process_time() - began:.0f} s of the processor", flush=True
        )
    return found


def _picked(pictures: np.ndarray, subject: Subject) -> list[np.ndarray]:
    from tools.pocket_model.data import STYLES

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
    parser.add_argument("--methods", nargs="*", help="only these")
    parser.add_argument("--sheet", type=Path, default=Path("quality.webp"))
    args = parser.parse_args()
    args.concepts = args.concepts or (4 if args.smoke else 25)
    bench = Bench(args.model, args.cache, args.cache / "quality")
    found = run(bench, args)
    write_sheet(found.shown, args.sheet, px=64)
    print(f"\n{tables.main_table(found.scores)}\n\n{tables.parts_table(found.scores)}\n")
    rivals = [name for name in found.scores if not name.startswith("ours")]
    if "ours" in found.scores:
        print(tables.difference_table(found.scores, "ours", rivals))


if __name__ == "__main__":
    main()
