"""Pictures through the pocket model: its autoencoder's blur, and noise half taken away again.

B pictures. What is made depends on the model's weights, so the file's name carries their hash.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.judging.art import Art, shrink
from benchmarks.judging.augment import NAMES, Sample
from textual_inversion.storage.atomic import whole_file
from tools.pocket_model.data import over
from tools.pocket_model.rendering import embed, open_model

# Up to this timestep of 1,000 a picture still shows what it showed.
_MOST_NOISE = 400
_NUM_STEPS = 3
_BATCH = 16


@dataclass(frozen=True)
class Bank:
    """Finished pictures and which row and background each is of."""

    pixels: torch.Tensor  # uint8 (B, 3, S, S)
    rows: torch.Tensor  # (B,)
    backgrounds: torch.Tensor  # (B,)

    def sample(self, art: Art, chosen: torch.Tensor, pixels: torch.Tensor) -> Sample:
        """Label pictures of the bank: `pixels` are those of `chosen` as they are to be shown."""
        rows = self.rows[chosen]
        concepts = art.concepts[rows, None].expand(-1, 2)
        backgrounds, alone = self.backgrounds[chosen], torch.zeros(len(rows), dtype=torch.long)
        return Sample(pixels, concepts, art.styles[rows], backgrounds, alone)


def weights_hash(model: Path) -> str:
    """Name a diffusers folder's weights by eight hex digits."""
    digest = hashlib.sha256()
    for path in sorted(model.glob("*/*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def read_bank(
    folder: Path, model: Path, pictures: np.ndarray, rows: list[int], *, name: str, count: int
) -> Bank:
    """Read the bank of `count` pictures of `rows`, or make it; `name` seeds it."""
    path = folder / f"judge-bank-{name}-{count}-{weights_hash(model)}.pt"
    if path.exists():
        return Bank(**torch.load(path, weights_only=True))
    draw = random.Random(f"judge {name}")
    chosen = draw.sample(rows, k=min(count, len(rows)))
    labels = [draw.choice(["white", draw.choice(NAMES)]) for _ in chosen]
    noise = torch.Generator().manual_seed(draw.randrange(2**31))
    pipe = open_model(model, "cpu")
    parts = []
    for start in range(0, len(chosen), _BATCH):
        some = slice(start, start + _BATCH)
        full = [
            over(np.array(pictures[row]), label)
            for row, label in zip(chosen[some], labels[some], strict=True)
        ]
        parts.append(half_denoised(pipe, np.stack(full), noise))
    made = {
        "pixels": torch.cat(parts),
        "rows": torch.tensor(chosen),
        "backgrounds": torch.tensor([NAMES.index(label) for label in labels]),
    }
    with whole_file(path) as temporary:
        torch.save(made, temporary)
    return Bank(**made)


@torch.no_grad()
def half_denoised(pipe: Any, pictures: np.ndarray, draw: torch.Generator) -> torch.Tensor:
    """Encode uint8 (B, 128, 128, 3), add noise, take it away in three steps, decode, shrink.

    The noise level is drawn for each picture from none to `_MOST_NOISE`; the model is told nothing.
    """
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    scale = pipe.vae.config.scaling_factor
    latents = pipe.vae.encode(pixels).latent_dist.mode() * scale
    steps = torch.randint(0, _MOST_NOISE + 1, (len(latents),), generator=draw)
    latents = _denoised(pipe, latents, steps, torch.randn(latents.shape, generator=draw))
    decoded = pipe.vae.decode(latents / scale).sample.clamp(-1, 1)
    return ((shrink(decoded) + 1) * 127.5).round().byte()


def _denoised(
    pipe: Any, latents: torch.Tensor, steps: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """Add noise at `steps` (B,) and follow DDIM (arXiv:2010.02502) back in equal strides."""
    text = embed(pipe, [""]).expand(len(latents), -1, -1)
    alphas = pipe.scheduler.alphas_cumprod
    velocity = pipe.scheduler.config.prediction_type == "v_prediction"
    here = alphas[steps][:, None, None, None]
    noisy = here.sqrt() * latents + (1 - here).sqrt() * noise
    clean = latents
    for left in range(_NUM_STEPS, 0, -1):
        now = (steps * left / _NUM_STEPS).long()
        here = alphas[now][:, None, None, None]
        there = alphas[(steps * (left - 1) / _NUM_STEPS).long()][:, None, None, None]
        guess = pipe.unet(noisy, now, text).sample
        if velocity:
            guess = here.sqrt() * guess + (1 - here).sqrt() * noisy
        clean = (noisy - (1 - here).sqrt() * guess) / here.sqrt()
        noisy = there.sqrt() * clean + (1 - there).sqrt() * guess
    return clean
