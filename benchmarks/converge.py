"""Measure learning: how soon ours is as good as the other loop is after all its steps.

    python benchmarks/converge.py [--steps 3000] [--concepts 10] [--skip 0] [--choose ...]

The other loop (`peers.py`) trains one vector for `--steps` steps; then ours trains one vector from
the same word with our defaults until the loss of one fixed batch (same pictures, noise and
timesteps for both) is as low: beyond our own max steps if it must be, for at most as many as
theirs or the chosen `max_steps`. Only training counts, not the readings of the fixed batch. The
concepts are those that the pocket model has never seen; without the art that
`tools/pocket_model/data.py` fetches there are only the two sample sets.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ours import OurLoop
from peers import ScriptLoop
from PIL import Image

from textual_inversion.settings import TrainSettings

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "models" / "pocket"
READ_EVERY = 5
sys.path.append(str(ROOT / "tools" / "pocket_model"))


def data_sets(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield the held-out concepts: label, first word, folder of their five pictures."""
    from data import DEFAULT_CACHE, load, over
    from inversion import INVERTED

    if not (DEFAULT_CACHE / "pictures.npy").exists():
        yield from (("mammoth", "elephant", ROOT / "samples/mammoth"),
                    ("dolphin", "whale", ROOT / "samples/dolphin"))  # fmt: skip
        return
    pictures, items = load(DEFAULT_CACHE)
    for label, word in INVERTED.items():
        concept_folder = folder / label
        concept_folder.mkdir()
        for item in items:
            if item.concept == label:
                picture = Image.fromarray(over(pictures[item.index], "white"))
                picture.save(concept_folder / f"{item.style}.png")
        yield label, word, concept_folder


def race(label: str, word: str, folder: Path, args: argparse.Namespace) -> tuple[float, float]:
    """Train both on one concept and print the row; give the shares of steps and of seconds."""
    pictures = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    script = ScriptLoop(MODEL, pictures, batch=args.batch, word=word)
    choices = dict(choice.split("=") for choice in args.choose)
    most = int(choices.get("max_steps", args.steps))
    choices.setdefault("max_steps", TrainSettings.model_fields["max_steps"].default)
    ours = OurLoop(MODEL, folder, batch=args.batch, word=word, **choices)
    start = ours.fixed_loss()
    began = time.perf_counter()
    for _ in range(args.steps):
        script.step()
    script_seconds = time.perf_counter() - began
    goal = ours.fixed_loss(script.vector)
    seconds, steps, reached = 0.0, 0, start
    while reached > goal and steps < most:
        began = time.perf_counter()
        for _ in range(READ_EVERY):
            ours.step()
        seconds += time.perf_counter() - began
        steps += READ_EVERY
        reached = ours.fixed_loss()
    print(
        f"{label:12} start {start:.4f}  script {goal:.4f} after {args.steps} steps, "
        f"{script_seconds:.0f} s  ours {reached:.4f} after {steps} steps, {seconds:.1f} s  "
        f"1/{script_seconds / seconds if seconds else float('inf'):.0f} of the time"
        f"{'' if reached <= goal else '  NOT REACHED'}",
        flush=True,
    )
    return steps / args.steps, seconds / script_seconds


def main() -> None:
    """Race over the concepts and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--concepts", type=int, default=10)
    parser.add_argument("--skip", type=int, default=0, help="leave the first concepts out")
    parser.add_argument(
        "--choose", nargs="*", default=[], metavar="SETTING=VALUE",
        help="train ours with these settings instead of the defaults",
    )  # fmt: skip
    parser.add_argument("--batch", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        selected = islice(data_sets(Path(folder)), args.skip, args.skip + args.concepts)
        shares = [race(*data_set, args) for data_set in selected]
    steps, seconds = zip(*shares, strict=True)
    print(
        f"median: {statistics.median(steps):.1%} of the steps, "
        f"{statistics.median(seconds):.1%} of the time"
    )


if __name__ == "__main__":
    main()
