"""What a step of each loop costs, in the processor's seconds, taken by turns in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from benchmarks.peers import ScriptLoop
from benchmarks.quality_bench import rivals
from benchmarks.quality_bench.methods import BATCH, Loop, Ours, make_loop

_ROUNDS, _STEPS, _WARM_UP = 5, 6, 2


def measure(model: Path, folder: Path, *, word: str) -> dict[Loop, float]:
    """Return the median seconds of a step: ours, the script's whole, a rival's with cached latents.

    Setting up is not counted.
    """
    pictures: list[Image.Image] = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    steps: dict[Loop, Callable[[], object]] = {
        "script": ScriptLoop(model, pictures, batch=BATCH, word=word).step,
        "rival": make_loop(model, rivals.A1111, folder, word=word).step,
        "ours": make_loop(model, Ours(), folder, word=word).step,
    }
    for step in steps.values():
        _seconds(step, _WARM_UP)
    rounds = [
        {name: _seconds(step, _STEPS) for name, step in steps.items()} for _ in range(_ROUNDS)
    ]
    return {name: statistics.median(turn[name] for turn in rounds) for name in steps}


def _seconds(step: Callable[[], object], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        step()
    return (time.process_time() - began) / count


def stops(num_steps: int, costs_like: Loop, pace: dict[Loop, float]) -> dict[str, int]:
    """Say after how many steps a method is judged: at equal pictures and at equal seconds."""
    if costs_like == "ours":
        return {"pictures": num_steps, "seconds": num_steps}
    seconds = max(1, round(num_steps * pace["ours"] / pace[costs_like]))
    return {"pictures": num_steps, "seconds": seconds}
