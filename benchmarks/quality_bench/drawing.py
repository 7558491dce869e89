"""Pictures of a word: with plain diffusers, from the same noise for every method.

N pictures, V vectors, D width of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.quality_bench.prompts import PLACEHOLDER, Asked
from benchmarks.quality_bench.rivals import NAME
from textual_inversion.models.opening import open_model
from tools.pocket_model import rendering

_SEED = 5000


class Painter:
    """Draws what is asked; the text is encoded as everywhere in the project, padded to 77."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.pipe = rendering.open_model(model, "cpu")

    @torch.no_grad()
    def draw(self, asked: Sequence[Asked], word: str | np.ndarray) -> np.ndarray:
        """Draw one picture a prompt, uint8 (N, 128, 128, 3); `word` is a text or vectors (V, D)."""
        text = open_model(str(self.model)).text
        if isinstance(word, str):
            prompts = [one.text.replace(PLACEHOLDER, word) for one in asked]
            hidden = text.encode(prompts, {}).hidden
        else:
            prompts = [one.text.replace(PLACEHOLDER, NAME) for one in asked]
            hidden = text.encode(prompts, {NAME: (torch.from_numpy(word),)}).hidden
        return rendering.decode(self.pipe, rendering.render(self.pipe, hidden, seed=_SEED))
