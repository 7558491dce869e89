"""Measure many trainings: one after the other, as processes side by side, and in one batch.

    python benchmarks/many_runs.py [--runs 8] [--steps 20] [--batch 4] [--threads 2] [--rounds 1]
    python benchmarks/many_runs.py --model sd15-shape --size 256 --batch 1 --steps 4

Each way trains the same runs, which differ in their seeds, in processes of its own. What is timed
lies between the first step and the end of the last run, by the clock and in the processor's time,
which says more where the machine is busy: starting Python and encoding the pictures are not in it.
The ways take turns, and ratios are of one turn; the memory of processes is the sum of their peaks.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from shapes import write_sd15_shape

from textual_inversion.devices.peak_memory import peak_mb, reset_peak
from textual_inversion.devices.precision import best_device
from textual_inversion.embeddings.create import create
from textual_inversion.events import Event, Failed, Finished, Started
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CreateSettings, TrainSettings
from textual_inversion.sweeps.batch import train_together
from textual_inversion.training.run import train

WAYS = ("one after the other", "as processes", "in one batch")
ROOT = Path(__file__).resolve().parents[1]
NOTHING_BESIDE = {"save_image_every": 0, "save_embedding_every": 0, "evaluate_every": 0}


class Cost(NamedTuple):
    """What a way took: seconds by the clock and of the processor, and memory in MiB."""

    seconds: float
    work: float
    memory: float


class Span(NamedTuple):
    """The moments at which a training began and ended, and the processor's seconds between."""

    began: float
    ended: float
    work: float


def make_settings(args: argparse.Namespace, numbers: list[int]) -> list[TrainSettings]:
    """Make the settings of runs, and their embeddings in the working folder."""
    made: list[TrainSettings] = []
    for number in numbers:
        name, model = f"bench-run{number}", str(args.model)
        create(CreateSettings(name=name, initialization_text="animal", model=model))
        made.append(
            TrainSettings.build(
                {"embedding": name, "model": model, "dataset_dir": str(args.pictures)},
                {"batch_size": args.batch, "max_steps": args.steps, "seed": number},
                {"width": args.size, "height": args.size},
                dict(NOTHING_BESIDE),
            )
        )
    return made


def serve(way: str, args: argparse.Namespace, numbers: list[int]) -> None:
    """Train in this process; print the moments of beginning and end, and the peak memory."""
    torch.set_num_threads(args.threads)
    settings = make_settings(args, numbers)
    print("ready", flush=True)
    sys.stdin.readline()
    reset_peak()
    spans: list[Span] = []
    if way == "in one batch":
        together = train_together(settings, Control(), at_once=len(settings))
        spans.append(_span(each.event for each in together))
    else:
        spans += [_span(train(one, Control())) for one in settings]
    print(json.dumps({"spans": spans, "peak": peak_mb(best_device())}), flush=True)


def _span(events: Iterator[Event]) -> Span:
    """Run to the end; measure from the last start to the last end."""
    began = ended = (0.0, 0.0)
    for event in events:
        if isinstance(event, Failed):
            raise SystemExit(event.message)
        if isinstance(event, Started):
            began = (time.time(), time.process_time())
        if isinstance(event, Finished):
            ended = (time.time(), time.process_time())
    return Span(began[0], ended[0], ended[1] - began[1])


class Worker:
    """A process that trains some of the runs when it is told to."""

    def __init__(self, way: str, argv: list[str], numbers: list[int], home: Path) -> None:
        home.mkdir(parents=True)
        listed = ",".join(map(str, numbers))
        self.process = subprocess.Popen(
            [sys.executable, __file__, *argv, "--serve", way, "--numbers", listed],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=home,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TI_HOME": str(home)},
        )  # fmt: skip
        self._line()

    def begin(self) -> None:
        """Let it train."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self) -> tuple[list[Span], float]:
        """Wait for its end; return the spans of its trainings and its peak memory in MiB."""
        answer = json.loads(self._line())
        self.process.wait()
        return [Span(*span) for span in answer["spans"]], answer["peak"]

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("A process ended; its message stands above.")
        return line


def measure(way: str, args: argparse.Namespace) -> Cost:
    """Train all runs in one way."""
    numbers = list(range(args.runs))
    argv = ["--model", str(args.model), "--pictures", str(args.pictures)]
    argv += ["--steps", str(args.steps), "--batch", str(args.batch), "--size", str(args.size)]
    shares = [[number] for number in numbers] if way == "as processes" else [numbers]
    threads = max(1, args.threads // len(shares))
    with tempfile.TemporaryDirectory(prefix="many-runs-") as root:
        workers = [
            Worker(way, [*argv, "--threads", str(threads)], share, Path(root) / str(number))
            for number, share in enumerate(shares)
        ]
        for worker in workers:
            worker.begin()
        results = [worker.result() for worker in workers]
    spans = [span for found, _ in results for span in found]
    if way == "one after the other":
        seconds = sum(span.ended - span.began for span in spans)
    else:
        seconds = max(span.ended for span in spans) - min(span.began for span in spans)
    return Cost(seconds, sum(span.work for span in spans), sum(peak for _, peak in results))


def report(args: argparse.Namespace, turns: list[dict[str, Cost]]) -> None:
    """Print the table: medians over the turns, and of ratios to the first way of the same turn."""
    print(
        f"{args.runs} runs of {args.steps} steps, batch {args.batch}, {args.model.name}, "
        f"{args.size or 'its own'} pixels, "
        f"{best_device().type}, {args.threads} threads"
    )
    titles = ("runs an hour", "by the clock", "of the work", "memory MB", "of the memory")
    print(f"{'':20}" + "".join(f"{title:>15}" for title in titles))
    for way in WAYS:
        costs = [turn[way] for turn in turns]
        shares = [
            Cost(*(ours / first for ours, first in zip(turn[way], turn[WAYS[0]], strict=True)))
            for turn in turns
        ]
        hourly = args.runs * 3600 / statistics.median(cost.seconds for cost in costs)
        memory = statistics.median(cost.memory for cost in costs)
        clock, work, more = (
            statistics.median(getattr(share, name) for share in shares) for name in Cost._fields
        )
        print(f"{way:20}{hourly:15.0f}{clock:15.2f}{work:15.2f}{memory:15.0f}{more:15.2f}")


def main() -> None:
    """Measure the ways in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models/pocket")
    parser.add_argument("--pictures", type=Path, default=ROOT / "samples/mammoth")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=0, help="0: the model's own")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--numbers", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args, [int(number) for number in args.numbers.split(",")])
        return
    if str(args.model) == "sd15-shape":
        args.model = write_sd15_shape(Path(tempfile.gettempdir()) / "sd15-shape")
    report(args, [{way: measure(way, args) for way in WAYS} for _ in range(args.rounds)])


if __name__ == "__main__":
    main()
