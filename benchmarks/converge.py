"""Measure learning: how soon each loop first reaches the same losses.

    python benchmarks/converge.py [--steps 3000] [--concepts 10] [--skip 0] [--choose ...]

Three loops train one vector from the same word: ours with our defaults up to its own max steps, and
the other loop (`peers.py`) for `--steps` steps, once at the rate of its README and once at the rate
that suits this model best. All are read as they go, by the loss of one fixed batch (same pictures,
noise and timesteps), and timed to the first reading at each of a few levels between the start and
the highest of their best losses, which all three reach. Seconds are those of the processor, of the
training alone. The concepts are those that the pocket model has never seen; without the art that
`tools/pocket_model/data.py` fetches there are only the two sample sets.

A lower loss is not yet a better picture: `quality.py` judges those.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools" / "pocket_model")]

from benchmarks.crossings import Curve, Reading, best, first_crossing, levels  # noqa: E402
from benchmarks.ours import OurLoop  # noqa: E402
from benchmarks.peers import RATE, ScriptLoop  # noqa: E402
from textual_inversion.settings import TrainSettings  # noqa: E402

MODEL = ROOT / "models" / "pocket"
SHARES = (0.5, 0.8, 0.9, 0.95, 1.0)
OURS, README, TUNED = "ours", "README", "tuned"


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


def run(
    step: Callable[[], object], read: Callable[[], float], num_steps: int, read_every: int
) -> Curve:
    """Take the steps and read the loss as they go, the start included."""
    curve, seconds = [Reading(0, 0.0, read())], 0.0
    for taken in range(1, num_steps + 1):
        began = time.process_time()
        step()
        seconds += time.process_time() - began
        if taken % read_every == 0 or taken == num_steps:
            curve.append(Reading(taken, seconds, read()))
    return curve


def race(label: str, word: str, folder: Path, args: argparse.Namespace) -> dict[str, Curve]:
    """Train all three on one concept, print its rows and give the curves."""
    pictures = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    choices = dict(choice.split("=") for choice in args.choose)
    choices.setdefault("max_steps", TrainSettings.model_fields["max_steps"].default)
    ours = OurLoop(MODEL, folder, batch=args.batch, word=word, **choices)
    curves: dict[str, Curve] = {
        OURS: run(ours.step, ours.fixed_loss, int(choices["max_steps"]), args.read_every)
    }
    for name, rate in ((README, RATE), (TUNED, args.tuned_rate)):
        script = ScriptLoop(MODEL, pictures, batch=args.batch, word=word, rate=rate)
        curves[name] = run(script.step, _reader(ours, script), args.steps, args.read_every)
    print(f"{label}: start {curves[OURS][0].loss:.4f}")
    for name, curve in curves.items():
        times = " ".join(_crossing(curve, level) for level in levels(list(curves.values()), SHARES))
        lowest = best(curve)
        print(f"  {name:8} {times}   best {lowest.loss:.4f} after {lowest.step} steps", flush=True)
    return curves


def _reader(ours: OurLoop, script: ScriptLoop) -> Callable[[], float]:
    return lambda: ours.fixed_loss(script.vector)


def _crossing(curve: Curve, level: float) -> str:
    found = first_crossing(curve, level)
    assert found, "every curve crosses every level"
    return f"{level:.4f}: {found.step:4} steps, {found.seconds:6.1f} s;"


def seconds_to(curves: dict[str, Curve], name: str) -> list[float]:
    """List the seconds to the first crossing of each level."""
    found = [first_crossing(curves[name], level) for level in levels(list(curves.values()), SHARES)]
    return [reading.seconds for reading in found if reading]


def report(all_curves: list[dict[str, Curve]]) -> None:
    """Print the medians over concepts of the other loop's seconds beside ours."""
    print("median of ours / the other loop's, to each share of the way: "
          + ", ".join(f"{share:.0%}" for share in SHARES))  # fmt: skip
    for name in (README, TUNED):
        # A concept that one loop never learned at all has no way to share.
        ratios = [
            [a / b for a, b in zip(seconds_to(curves, OURS), seconds_to(curves, name), strict=True)]
            for curves in all_curves
            if all(best(curve).step for curve in curves.values())
        ]
        medians = [statistics.median(column) for column in zip(*ratios, strict=True)]
        print(f"  {name:8} " + "  ".join(f"{ratio:.2f}" for ratio in medians))
    for name in (OURS, README, TUNED):
        lowest = statistics.median(best(curves[name]).loss for curves in all_curves)
        print(f"  {name:8} best loss, median {lowest:.4f}")


def main() -> None:
    """Race over the concepts and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=3000, help="of the other loop")
    parser.add_argument("--concepts", type=int, default=10)
    parser.add_argument("--skip", type=int, default=0, help="leave the first concepts out")
    parser.add_argument("--read-every", type=int, default=5)
    parser.add_argument(
        "--tuned-rate", type=float, default=0.04, help="what benchmarks/quality.py found"
    )
    parser.add_argument(
        "--choose", nargs="*", default=[], metavar="SETTING=VALUE",
        help="train ours with these settings instead of the defaults",
    )  # fmt: skip
    parser.add_argument("--batch", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        selected = islice(data_sets(Path(folder)), args.skip, args.skip + args.concepts)
        report([race(*data_set, args) for data_set in selected])


if __name__ == "__main__":
    main()
