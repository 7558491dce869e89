"""Measure what deterministic kernels cost a training step.

python benchmarks/determinism.py [--model models/pocket] [--batch 4] [--pairs 60] [--threads 2]

One loop takes all steps; every step of one mode is followed by one of the other, with the order
turned round from pair to pair, so that a machine that drifts does so for both. The figure is the
median of the pairs' ratios, by the clock and by the processor's time, which a busy machine disturbs
less. With `--same` both modes are plain: what then is left is noise.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path

import torch
from ours import OurLoop
from shapes import write_sd15_shape

from textual_inversion.devices.determinism import DeterministicKernels
from textual_inversion.events import Event, Loading

Seconds = tuple[float, float]  # by the clock; of the processor
ROOT = Path(__file__).resolve().parents[1]


def stepping(loop: OurLoop, seconds: list[Seconds]) -> Generator[Event, None, None]:
    """Run training steps without end, and record the seconds of each."""
    while True:
        began, worked = time.perf_counter(), time.process_time()
        loop.step()
        seconds.append((time.perf_counter() - began, time.process_time() - worked))
        yield Loading("a step")


def main() -> None:
    """Step by turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=str(ROOT / "models" / "pocket"))
    parser.add_argument("--pictures", type=Path, default=ROOT / "samples" / "mammoth")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=600, help="stop by then")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--same", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.model).resolve()
        if args.model == "sd15-shape":
            folder = write_sd15_shape(Path(temporary))
        loop = OurLoop(folder, args.pictures, batch=args.batch, word="cat")
        free: list[Seconds] = []
        ordered: list[Seconds] = []
        kernels = nullcontext() if args.same else DeterministicKernels()
        modes = [(stepping(loop, free), nullcontext()), (stepping(loop, ordered), kernels)]
        end = time.perf_counter() + args.seconds
        for pair in range(args.pairs + 3):
            if time.perf_counter() > end:
                break
            for steps, context in modes if pair % 2 else reversed(modes):
                with context:
                    next(steps)
    report(free[3:], ordered[3:])  # the first ones warm up


def report(free: list[Seconds], ordered: list[Seconds]) -> None:
    """Print the medians, and by how much one is above the other."""
    for place, kind in enumerate(("by the clock", "of the processor")):
        plain, ours = ([step[place] for step in steps] for steps in (free, ordered))
        ratios = [b / a for a, b in zip(plain, ours, strict=False)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"{kind}: plain {statistics.median(plain) * 1000:.1f} ms a step, deterministic "
            f"{statistics.median(ours) * 1000:.1f}; ratio of {len(ratios)} pairs {middle:.3f} "
            f"(quartiles {low:.3f} to {high:.3f})"
        )


if __name__ == "__main__":
    main()
