"""A sweep of eight runs, killed again and again, beside one that was left alone.

How many runs share a pass depends on where it was killed, so that vectors and losses are equal up
to rounding only.
"""

from __future__ import annotations

import csv
from pathlib import Path

import torch

from tests.soak import Task, has_ended

VARIED = ("learning_rate=0.005,0.02", "seed=1,2", "num_vectors=1,2")
RUNS = 8
CLOSE = 1e-5
MOMENTS = {
    "loading": ('"what": "base model"', 1),
    "caching": ('"what": "latents', 4),
    "stepping": ('"event": "stepped"', 5 * RUNS),
    "evaluating": ('"event": "evaluated"', 3 * RUNS),
    "checkpoint": ('"kind": "checkpoint"', 3 * RUNS),
    "snapshot": ('"kind": "snapshot"', 2 * RUNS),
    "preview": ('"event": "previewed"', 3 * RUNS),
    "finish": ('"kind": "embedding"', RUNS),
}

Results = dict[str, list[float]]


def made(home: Path) -> Results:
    """Read what each run left behind: the numbers of vectors and losses, and which files."""
    results: Results = {}
    for path in sorted((home / "embeddings" / "many-sweep").glob("*.pt")):
        results[path.stem] = _vectors(path)
        # Killed before its first checkpoint, a run begins again in a folder of its own.
        logs = home.glob(f"runs/*/{path.stem}*/events.jsonl")
        (folder,) = [log.parent for log in logs if has_ended(log)]
        with (folder / "textual_inversion_loss.csv").open() as file:
            results[f"{path.stem}: losses"] = [float(v) for row in csv.reader(file)
                                               for v in row if _is_number(v)]  # fmt: skip
        for kept in folder.glob("*/*"):
            if kept.suffix != ".ckpt":
                results[f"{path.stem}: {kept.relative_to(folder)}"] = []
    return results


def is_same(first: Results, second: Results) -> bool:
    """Whether the same files were made, with numbers that are equal up to rounding."""
    return first.keys() == second.keys() and all(
        len(numbers) == len(second[name])
        and torch.allclose(
            torch.tensor(numbers), torch.tensor(second[name]), rtol=CLOSE, atol=CLOSE
        )
        for name, numbers in first.items()
    )


def _vectors(path: Path) -> list[float]:
    from textual_inversion.embeddings import formats

    embedding = formats.read(path)
    return [embedding.step, *torch.cat([v.flatten() for v in embedding.vectors]).tolist()]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("e-", "", 1).isdecimal()


SWEEP = Task(("sweep", "many", "--over", *VARIED), MOMENTS, made, is_same)
