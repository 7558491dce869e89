"""Encode the taught pictures once, over several plain backgrounds, and bring latents to one scale.

Legend: N pictures, K backgrounds a picture.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from data import BACKGROUNDS, CPU_GROUPS, GROUPS, Item, held_out_concepts, is_taught, load, over
from diffusers import AutoencoderKL
from model import SIGNAL_STD
from train_vae import make_vae
from training import load_state, save_state

# What the autoencoder's own latents are brought to; about what they were.
LATENT_STD = 5.0


@dataclass(frozen=True)
class Taught:
    """The UNet's training set: an item and its K latents, row by row."""

    items: list[Item]
    backgrounds: list[list[str]]  # N lists of K colour names, white first
    latents: torch.Tensor  # (N, K, 4, 16, 16), fp16, mean 0 and deviation SIGNAL_STD


def unseen_concepts(items: list[Item], *, everything: bool = False) -> set[str]:
    """List the concepts that the UNet is never trained on."""
    groups = tuple(GROUPS.values()) if everything else CPU_GROUPS
    return set(held_out_concepts(items, groups))


def levelled_vae(cache: Path) -> AutoencoderKL:
    """Open the trained VAE (its EMA weights) with its latents moved to mean 0 and `LATENT_STD`.

    Each of the four channels is shifted and scaled by the two 1x1 convolutions between encoder
    and decoder, so the pictures stay the same to rounding and the noise blurs all channels alike.
    """
    vae = make_vae()
    vae.load_state_dict(load_state(cache / "vae_state.pt")["average"])
    vae.requires_grad_(False).eval()
    level = _latent_level(vae, cache)
    _apply_level(vae, *level)
    vae.register_to_config(scaling_factor=SIGNAL_STD / LATENT_STD)
    return vae


def _latent_level(vae: AutoencoderKL, cache: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Measure, or recall, mean and deviation of each channel over 400 pictures: (4,), (4,)."""
    path = cache / "latent_level.pt"
    if stored := load_state(path):
        return stored["mean"], stored["std"]
    pictures, items = load(cache)
    draw = random.Random(0)
    unseen = unseen_concepts(items)
    rows = draw.sample([item.index for item in items if is_taught(item, unseen)], k=400)
    colours = [draw.choice(["white", draw.choice(list(BACKGROUNDS))]) for _ in rows]
    latents = encode(vae, [over(pictures[r], c) for r, c in zip(rows, colours, strict=True)])
    mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    save_state(path, {"mean": mean, "std": std})
    return mean, std


@torch.no_grad()
def _apply_level(vae: AutoencoderKL, mean: torch.Tensor, std: torch.Tensor) -> None:
    gain = LATENT_STD / std
    narrow, widen = vae.quant_conv, vae.post_quant_conv
    narrow.weight[:4] *= gain[:, None, None, None]
    narrow.bias[:4] = (narrow.bias[:4] - mean) * gain
    narrow.bias[4:] += 2 * gain.log()  # the other four are log variances
    widen.bias += widen.weight[:, :, 0, 0] @ mean
    widen.weight /= gain[None, :, None, None]


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: list[np.ndarray], *, batch: int = 16) -> torch.Tensor:
    """Encode uint8 (128, 128, 3) pictures to their latents' means, unscaled: (N, 4, 16, 16)."""
    device = next(vae.parameters()).device
    parts = []
    for start in range(0, len(pictures), batch):
        stack = np.stack(pictures[start : start + batch])
        pixels = torch.from_numpy(stack).permute(0, 3, 1, 2).to(device).float() / 127.5 - 1
        parts.append(vae.encode(pixels).latent_dist.mode().cpu())
    return torch.cat(parts)


def taught_latents(
    cache: Path, *, num_colours: int = 4, everything: bool = False, device: str = "cpu"
) -> Taught:
    """Encode every training picture over white and `num_colours` other colors; cached on disk."""
    stored_pictures, items = load(cache)
    unseen = unseen_concepts(items, everything=everything)
    taught = [item for item in items if is_taught(item, unseen, everything=everything)]
    path = cache / f"latents_{'all' if everything else 'cpu'}.pt"
    stored = load_state(path)
    if stored is None:
        backgrounds = _choose_backgrounds(len(taught), num_colours)
        vae = levelled_vae(cache).to(device)
        pictures = [
            over(stored_pictures[item.index], colour)
            for item, colours in zip(taught, backgrounds, strict=True)
            for colour in colours
        ]
        latents = (encode(vae, pictures) / LATENT_STD).half()
        latents = latents.unflatten(0, (len(taught), num_colours + 1))  # (N, K, 4, 16, 16)
        stored = {"latents": latents, "backgrounds": backgrounds}
        save_state(path, stored)
    return Taught(taught, stored["backgrounds"], stored["latents"] * SIGNAL_STD)


def _choose_backgrounds(num_pictures: int, num_colours: int) -> list[list[str]]:
    """Assign white and some other background colors to every picture."""
    draw = random.Random(1)
    others = [name for name in BACKGROUNDS if name != "white"]
    return [["white", *draw.sample(others, k=num_colours)] for _ in range(num_pictures)]
