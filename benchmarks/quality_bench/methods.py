"""What is compared: ours in each mode and the rivals, each trained up to the steps asked for.

V vectors, D width of a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image

from benchmarks.ours import OurLoop
from benchmarks.quality_bench import rivals
from benchmarks.quality_bench.rivals import Recipe, Rival
from textual_inversion.settings import TrainSettings

BATCH = 4
Loop = Literal["ours", "script", "rival"]


@dataclass(frozen=True)
class Ours:
    """Our loop with these training settings beside the defaults."""

    choices: dict[str, str] = field(default_factory=dict)
    num_vectors: int = 1
    costs_like: Loop = "ours"


Method = Ours | Recipe
TUNED = "diffusers, tuned"


def all_methods(tuned_rate: float | None) -> dict[str, Method]:
    """List what is compared, by name; without the best rate of `tuning.py`, not the tuned one."""
    methods: dict[str, Method] = {
        "diffusers, README": rivals.SCRIPT,
        TUNED: rivals.at_rate(rivals.SCRIPT, tuned_rate or 0.0),
        "A1111": rivals.A1111,
        "CrossInit": rivals.CROSS_INIT,
        "ours": Ours(),
        "ours, norm fixed": Ours({"norm": "fixed"}),
        "ours, norm soft": Ours({"norm": "soft"}),
        "ours, spherical": Ours({"optimizer": "spherical"}),
        "ours, adamw": Ours({"optimizer": "adamw"}),
        "ours, 4 vectors": Ours(num_vectors=4),
    }
    if tuned_rate is None:
        del methods[TUNED]
    return methods


NAMES = tuple(all_methods(1.0))
# What a small size leaves out.
LATER = ("ours, norm soft", "ours, adamw")


def train(
    model: Path, method: Method, folder: Path, *, word: str, stops: Sequence[int], seed: int = 0
) -> dict[int, np.ndarray]:
    """Train on a folder of pictures; give the vectors (V, D) at each of the steps `stops`."""
    loop = make_loop(model, method, folder, word=word, max_steps=max(stops), seed=seed)
    found: dict[int, np.ndarray] = {}
    for step in range(1, max(stops) + 1):
        loop.step()
        if step in stops:
            found[step] = vectors_of(loop).numpy()
    return found


def make_loop(
    model: Path, method: Method, folder: Path, *, word: str, max_steps: int = 500, seed: int = 0
) -> OurLoop | Rival:
    """Make the loop of a method, ready to step; some of our schedules look at `max_steps`."""
    if isinstance(method, Ours):
        choices = {"max_steps": max_steps, "seed": seed, **method.choices}
        return OurLoop(
            model, folder, batch=BATCH, word=word, num_vectors=method.num_vectors, **choices
        )
    pictures = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    return Rival(model, pictures, method, word=word, batch=BATCH, seed=seed)


def facts(method: Method) -> str:
    """Tell what a method's result depends on: of ours, the defaults and the code that learns."""
    if not isinstance(method, Ours):
        return repr(method)
    import textual_inversion

    package = Path(textual_inversion.__file__).parent
    sources = [
        package / "training" / "learner.py",
        package / "data" / "batches.py",
        *sorted((package / "training" / "optimization").glob("*.py")),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    defaults = {name: one.default for name, one in TrainSettings.model_fields.items()}
    return f"{method} {sorted(defaults.items(), key=str)} {digest}"


def vectors_of(loop: OurLoop | Rival) -> torch.Tensor:
    """Read what a loop would save: (V, D)."""
    return loop.vectors if isinstance(loop, Rival) else loop.learner.vectors[0]
