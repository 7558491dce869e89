"""The trained judge, as the quality bench asks it.

N pictures, E the embedding's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.judging.art import Art, shrink
from benchmarks.judging.augment import NAMES
from benchmarks.judging.checks import look_at
from benchmarks.judging.network import Judge
from tools.pocket_model.data import STYLES, over

WEIGHTS = "judge.pt"


@dataclass(frozen=True)
class Verdicts:
    """What the judge says of N pictures."""

    concepts: np.ndarray  # (N, concepts), probabilities
    styles: list[str]
    backgrounds: list[str]
    counts: np.ndarray  # (N,): 1 or 2
    embeddings: np.ndarray  # (N, E), of length 1


class Jury:
    """The judge with the names of what it knows."""

    def __init__(self, judge: Judge, art: Art) -> None:
        self.judge, self.art = judge, art

    def look(self, pictures: np.ndarray) -> Verdicts:
        """Look at uint8 pictures (N, H, H, 3); H is the judge's side or a multiple."""
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        look = look_at(self.judge, shrink(pixels))
        return Verdicts(
            look.concepts.softmax(1).numpy(),
            [STYLES[int(i)] for i in look.styles.argmax(1)],
            [NAMES[int(i)] for i in look.backgrounds.argmax(1)],
            look.counts.argmax(1).numpy() + 1,
            look.embeddings.numpy(),
        )

    def index(self, concept: str) -> int:
        """Find a concept's column."""
        return self.art.names.index(concept)


def white_pictures(pictures: np.ndarray, rows: list[int]) -> np.ndarray:
    """Lay rows of the art over white: uint8 (N, 128, 128, 3)."""
    return np.stack([over(np.array(pictures[row]), "white") for row in rows])


def open_judge(path: Path, art: Art) -> Jury:
    """Open the trained judge; SystemExit tells the command that makes it."""
    if not path.exists():
        raise SystemExit(f"There is no judge at {path}; make it with: python benchmarks/judge.py")
    judge = Judge(len(art.names))
    judge.load_state_dict(torch.load(path, weights_only=True)["judge"])
    return Jury(judge.to(memory_format=torch.channels_last), art)
