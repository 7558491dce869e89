"""Measure many trainings: one after the other, as processes side by side, and in one batch.

    python benchmarks/many_runs.py [--runs 8] [--steps 20] [--batch 4] [--threads 2] [--rounds 1]

Each way trains the same runs, which differ in their seeds, in processes of its own. What is timed
lies between the first step and the end of the last run: starting Python and encoding the pictures
are not in it. The ways take turns, and ratios are of one turn; the memory of processes is the sum
of their peaks.
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

import torch

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
    spans: list[tuple[float, float]] = []
    if way == "in one batch":
        together = train_together(settings, Control(), at_once=len(settings))
        spans.append(_span(each.event for each in together))
    else:
        spans += [_span(train(one, Control())) for one in settings]
    print(json.dumps({"spans": spans, "peak": peak_mb(best_device())}), flush=True)


def _span(events: Iterator[Event]) -> tuple[float, float]:
    """Run to the end; return the moments after the last start and at the end."""
    began = ended = 0.0
    for event in events:
        if isinstance(event, Failed):
            raise SystemExit(event.message)
        if isinstance(event, Started):
            began = time.time()
        if isinstance(event, Finished):
            ended = time.time()
    return began, ended


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

    def result(self) -> tuple[list[tuple[float, float]], float]:
        """Wait for its end; return the spans of its trainings and its peak memory in MiB."""
        answer = json.loads(self._line())
        self.process.wait()
        return [(began, ended) for began, ended in answer["spans"]], answer["peak"]

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("A process ended; its message stands above.")
        return line


def measure(way: str, args: argparse.Namespace) -> tuple[float, float]:
    """Train all runs in one way; return the seconds and the memory in MiB."""
    numbers = list(range(args.runs))
    argv = ["--model", str(args.model), "--pictures", str(args.pictures)]
    argv += ["--steps", str(args.steps), "--batch", str(args.batch)]
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
        seconds = sum(ended - began for began, ended in spans)
    else:
        seconds = max(ended for _, ended in spans) - min(began for began, _ in spans)
    return seconds, sum(peak for _, peak in results)


def main() -> None:
    """Measure the ways in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models/pocket")
    parser.add_argument("--pictures", type=Path, default=ROOT / "samples/mammoth")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--numbers", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args, [int(number) for number in args.numbers.split(",")])
        return
    turns = [{way: measure(way, args) for way in WAYS} for _ in range(args.rounds)]
    print(
        f"{args.runs} runs of {args.steps} steps, batch {args.batch}, {args.model.name}, "
        f"{best_device().type}, {args.threads} threads"
    )
    print(
        f"{'':22}{'runs an hour':>14}{'times the first':>17}{'memory MB':>11}{'of the first':>14}"
    )
    for way in WAYS:
        seconds = statistics.median(turn[way][0] for turn in turns)
        memory = statistics.median(turn[way][1] for turn in turns)
        faster = statistics.median(turn[WAYS[0]][0] / turn[way][0] for turn in turns)
        more = statistics.median(turn[way][1] / turn[WAYS[0]][1] for turn in turns)
        hourly = args.runs * 3600 / seconds
        print(f"{way:22}{hourly:14.0f}{faster:16.2f}x{memory:11.0f}{more:13.2f}x")


if __name__ == "__main__":
    main()
