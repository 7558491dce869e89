"""Train the judge of the quality bench from nothing and print how far it can be trusted.

    python benchmarks/judge.py                # train what is left to train, then check
    python benchmarks/judge.py --minutes 4    # at most so long; run it again to go on
    python benchmarks/judge.py --check        # only check

A small network tells which of 951 things a picture shows, in which of five styles, over which
background, and whether once or twice. It is trained on all the art that
`tools/pocket_model/data.py` fetches: moved, scaled, turned, over jittered backgrounds, blurred, in
pairs, and through the pocket model (`judging/bank.py`). It only judges; nothing of it is loaded by
the product. Its weights stay in the cache folder.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judging.art import Art, open_art, training_rows  # noqa: E402
from benchmarks.judging.bank import Bank, read_bank  # noqa: E402
from benchmarks.judging.checks import describe, run_checks  # noqa: E402
from benchmarks.judging.course import Course  # noqa: E402
from benchmarks.judging.verdicts import WEIGHTS, open_judge  # noqa: E402
from textual_inversion.storage.atomic import whole_file  # noqa: E402
from tools.pocket_model.data import DEFAULT_CACHE  # noqa: E402

STATE = "judge-state.pt"


def banks(args: argparse.Namespace, art: Art) -> tuple[Bank, Bank]:
    """Read or make the pictures through the pocket model: to train on, and to check with."""
    pictures = np.load(args.cache / "pictures.npy", mmap_mode="r")
    rows = training_rows(art.items)
    return (
        read_bank(args.out, args.model, pictures, rows, name="training", count=args.bank),
        read_bank(args.out, args.model, pictures, rows, name="checking", count=args.bank // 5),
    )


def main() -> None:
    """Train and check from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--out", type=Path, help="folder of the weights; the cache folder if not")
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "pocket")
    parser.add_argument("--steps", type=int, default=10_000, help="of 64 pictures")
    parser.add_argument("--bank", type=int, default=2000, help="pictures through the pocket model")
    parser.add_argument("--count", type=int, default=2000, help="pictures of each kind to check")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--check", action="store_true", help="train nothing")
    args = parser.parse_args()
    args.out = args.out or args.cache
    args.out.mkdir(parents=True, exist_ok=True)
    art = open_art(args.cache)
    training, checking = banks(args, art)
    weights = args.out / WEIGHTS
    if not args.check:
        course = Course(
            art, training_rows(art.items), training,
            num_steps=args.steps, state_path=args.out / STATE,
        )  # fmt: skip
        if not course.run(minutes=args.minutes):
            print(f"step {course.step} of {args.steps}; run it again to go on")
            return
        with whole_file(weights) as temporary:
            torch.save({"judge": course.judge.state_dict()}, temporary)
        course.path.unlink()
        print(f"trained in {course.seconds / 60:.1f} minutes of the processor")
    print(
        describe(run_checks(open_judge(weights, art).judge, art, checking, count=args.count), art)
    )


if __name__ == "__main__":
    main()
