"""Does the model draw what the prompt asks for: label, style and background?

Legend: N pictures, M pictures in the bank of training pictures.
"""

from __future__ import annotations

import random

import numpy as np
import torch
from bench import Bench
from data import BACKGROUND_PHRASES, BACKGROUNDS, STYLES, Item, held_out_style
from rendering import decode, render

NEW_PHRASES = (
    "the background is {}",
    "standing before a plain {} backdrop",
    "with {} behind it",
    "over a bright {} colour",
)


def nearest(bank: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    """Return the bank row nearest to each picture, by Euclidean distance of latents: (N,)."""
    return torch.cdist(latents.flatten(1), bank.flatten(1)).argmin(1)


def measure_fidelity(bench: Bench) -> dict[str, float]:
    """Ask for 100 seen labels in each style; look up the nearest training picture over white."""
    labels = sorted({item.concept for item in bench.taught.items})
    chosen = random.Random(100).sample(labels, k=100)
    pairs = [(label, style) for label in chosen for style in STYLES]
    visible = [pair for pair in pairs if held_out_style(pair[0]) != pair[1]]
    hidden = [pair for pair in pairs if held_out_style(pair[0]) == pair[1]]
    bank = bench.taught.latents[:, 0].float()
    nearest_rows = nearest(bank, _render_pairs(bench, [*visible, *hidden]))
    found = [(bench.taught.items[i].concept, bench.taught.items[i].style) for i in nearest_rows]
    right = np.array(
        [[f[0] == p[0], f[1] == p[1]] for f, p in zip(found, [*visible, *hidden], strict=True)]
    )
    count = len(visible)
    return {
        "pairs": count,
        "label": float(right[:count, 0].mean()),
        "style": float(right[:count, 1].mean()),
        "label_chance": _label_chance(bench.taught.items, visible),
        "style_chance": 1 / len(STYLES),
        "hidden_pairs": len(hidden),
        "hidden_label": float(right[count:, 0].mean()),
        "bank": len(bank),
        "labels": len(labels),
    }


def _render_pairs(bench: Bench, pairs: list[tuple[str, str]]) -> torch.Tensor:
    prompts = [
        f"a photo of a {label}, {style} style, on a white background" for label, style in pairs
    ]
    return render(bench.pipe, prompts, seed=1)


def _label_chance(items: list[Item], pairs: list[tuple[str, str]]) -> float:
    """Return how often a random row of the bank has the requested label."""
    hits = [sum(item.concept == label for item in items) for label, _ in pairs]
    return float(np.mean(hits) / len(items))


def measure_backgrounds(bench: Bench) -> dict[str, float]:
    """Ask for each plain colour in known and new words; look at the corners' colour."""
    labels = sorted({item.concept for item in bench.taught.items})
    draw = random.Random(7)
    requests = [
        (phrase, colour)
        for phrase in (*BACKGROUND_PHRASES, *NEW_PHRASES)
        for colour in BACKGROUNDS
        for _ in range(3)
    ]
    prompts = [
        f"a photo of a {draw.choice(labels)}, {phrase.format(colour)}"
        for phrase, colour in requests
    ]
    pictures = decode(bench.pipe, render(bench.pipe, prompts, seed=2))
    right = [corner_colour(p) == colour for p, (_, colour) in zip(pictures, requests, strict=True)]
    known = [
        hit for hit, (phrase, _) in zip(right, requests, strict=True) if phrase not in NEW_PHRASES
    ]
    new = [hit for hit, (phrase, _) in zip(right, requests, strict=True) if phrase in NEW_PHRASES]
    chance = 1 / len(BACKGROUNDS)
    return {
        "known": float(np.mean(known)),
        "new": float(np.mean(new)),
        "pictures": len(requests),
        "chance": chance,
    }


def corner_colour(picture: np.ndarray) -> str:
    """Return the background color nearest to the median of the four corners."""
    corners = [
        picture[y, x] for y in (slice(8), slice(-8, None)) for x in (slice(8), slice(-8, None))
    ]
    middle = np.median(np.concatenate([c.reshape(-1, 3) for c in corners]), axis=0)
    return min(BACKGROUNDS, key=lambda name: np.linalg.norm(middle - BACKGROUNDS[name]))
