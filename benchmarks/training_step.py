"""Measure a training step: ours beside a loop in the manner of diffusers' example script.

    python benchmarks/training_step.py [--model models/pocket] [--batch 4] [--steps 20]
    python benchmarks/training_step.py --model sd15-shape --batch 1 --steps 2 [--precision bf16]

Same model, pictures, batch and precision; "defaults" is ours at the precision that it chooses. Each
loop lives in a process of its own, so that peak memory is its own; they are timed in turns, and
ratios are of one run. `peers.py` is the other loop.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from ours import OurLoop
from peers import ScriptLoop
from PIL import Image
from shapes import write_sd15_shape

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
LOOPS = ("script", "ours", "defaults")


def make_loop(kind: str, args: argparse.Namespace) -> ScriptLoop | OurLoop:
    """Make one of the two loops."""
    if kind != "script":
        precision = args.precision if kind == "ours" else "auto"
        return OurLoop(args.model, args.pictures, batch=args.batch, word="cat", precision=precision)
    pictures = [Image.open(path) for path in sorted(args.pictures.glob("*.png"))]
    dtype = DTYPES[args.precision]
    return ScriptLoop(args.model, pictures, batch=args.batch, word="cat", dtype=dtype)


def serve(kind: str, args: argparse.Namespace) -> None:
    """Be one loop: answer each line, a number of steps, with the seconds they took."""
    began = time.perf_counter()
    loop = make_loop(kind, args)
    ready = time.perf_counter() - began
    loop.step()
    print(json.dumps({"start": ready, "checkpoint": loop.checkpoint_bytes()}), flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        for _ in range(int(line)):
            loop.step()
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "peak": peak}), flush=True)


class Worker:
    """One loop in a process of its own."""

    def __init__(self, kind: str, argv: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, *argv, "--serve", kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.facts = self._answer()
        self.seconds: list[float] = []

    def run(self, count: int) -> None:
        """Take `count` steps and keep the seconds of one."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.facts["peak"] = answer["peak"]
        self.seconds.append(answer["seconds"] / count)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("One of the loops ended; its message stands above.")
        return json.loads(line)


def report(args: argparse.Namespace, workers: dict[str, Worker]) -> None:
    """Print the table."""
    print(
        f"{args.model.name}, batch {args.batch}, {args.precision}, CPU, "
        f"{torch.get_num_threads()} threads; medians of {args.rounds} x {args.steps} steps"
    )
    print(
        f"{'':8}{'s a step':>10}{'pictures/s':>12}{'peak MB':>9}{'checkpoint KB':>15}{'start s':>9}"
    )
    for name, worker in workers.items():
        seconds, facts = statistics.median(worker.seconds), worker.facts
        print(
            f"{name:8}{seconds:10.3f}{args.batch / seconds:12.2f}{facts['peak'] / 1e6:9.0f}"
            f"{facts['checkpoint'] / 1e3:15.1f}{facts['start']:9.1f}"
        )
    script = workers.pop("script")
    for name, worker in workers.items():
        speed = statistics.median(script.seconds) / statistics.median(worker.seconds)
        memory = script.facts["peak"] / worker.facts["peak"]
        print(f"{name}: {speed:.2f} times as fast, 1/{memory:.2f} of the memory")


def main() -> None:
    """Time both loops in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("models/pocket"))
    parser.add_argument("--pictures", type=Path, default=Path("samples/mammoth"))
    parser.add_argument("--precision", choices=DTYPES, default="fp32")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=LOOPS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.model.name == "sd15-shape":
        args.model = write_sd15_shape(Path(tempfile.gettempdir()) / "sd15-shape")
    if args.serve:
        serve(args.serve, args)
        return
    workers = {kind: Worker(kind, sys.argv[1:]) for kind in LOOPS}
    for _ in range(args.rounds):
        for worker in workers.values():
            worker.run(args.steps)
    for worker in workers.values():
        worker.close()
    report(args, workers)


if __name__ == "__main__":
    main()
