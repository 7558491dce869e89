"""Train the pocket model's autoencoder: 128x128 pixels, f = 8, four latent channels.

Run it again to go on: the state lies in the cache folder; without one, `--start-from` goes on from
an exported model's weights. With `--freeze-encoder` only the
decoder learns, so that latents which a UNet was trained on stay valid.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from data import BACKGROUNDS, DEFAULT_CACHE, Item, held_out_concepts, load, over
from diffusers import AutoencoderKL
from torch.nn import functional as F
from training import Average, Clock, load_state, save_state

CROP_PX = 64
BATCH = 16
SAVE_EVERY_SECONDS = 180


def make_vae() -> AutoencoderKL:
    """Build the untrained autoencoder (6.0 M parameters)."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 96, 192),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=128,
    )


def training_rows(items: list[Item], groups: tuple[str, ...]) -> np.ndarray:
    """Return the rows of pictures whose concept is not held out."""
    held_out = set(held_out_concepts(items, groups))
    return np.array([item.index for item in items if item.concept not in held_out])


def draw_batch(pictures: np.ndarray, rows: np.ndarray, draw: np.random.Generator) -> torch.Tensor:
    """Cut random crops over random backgrounds: (B, 3, 64, 64) in [-1, 1]."""
    chosen = draw.choice(rows, BATCH)
    tops, lefts = draw.integers(0, 128 - CROP_PX + 1, (2, BATCH))
    crops = np.stack(
        [
            pictures[row, top : top + CROP_PX, left : left + CROP_PX]
            for row, top, left in zip(chosen, tops, lefts, strict=True)
        ]
    )
    if draw.random() < 0.5:
        crops = crops[:, :, ::-1]
    colours = crops[..., :3].astype(np.float32) / 255
    alpha = crops[..., 3:].astype(np.float32) / 255
    mixed = colours * alpha + _backgrounds(draw) * (1 - alpha)
    shuffled = draw.random(BATCH) < 0.15
    mixed[shuffled] = mixed[shuffled][..., draw.permutation(3)]
    return torch.from_numpy(np.ascontiguousarray(mixed.transpose(0, 3, 1, 2))) * 2 - 1


def _backgrounds(draw: np.random.Generator) -> np.ndarray:
    """Draw plain colours of the list, plain random colours and gradients: (B, 64, 64, 3)."""
    listed = np.array(list(BACKGROUNDS.values()), dtype=np.float32) / 255
    result = np.empty((BATCH, CROP_PX, CROP_PX, 3), dtype=np.float32)
    ramp = np.linspace(0, 1, CROP_PX, dtype=np.float32)
    for background in result:
        kind = draw.random()
        if kind < 0.25:
            background[:] = 1.0
        elif kind < 0.6:
            background[:] = draw.choice(listed)
        elif kind < 0.75:
            background[:] = draw.random(3)
        else:
            ends = draw.random((2, 3)).astype(np.float32)
            weight = ramp[:, None, None] if draw.random() < 0.5 else ramp[None, :, None]
            background[:] = ends[0] * weight + ends[1] * (1 - weight)
    return result


def reconstruction_loss(decoded: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Weigh pixels (L1 and squared) and edges (L1 of the differences to the neighbours)."""
    edges = F.l1_loss(decoded.diff(dim=-1), target.diff(dim=-1)) + F.l1_loss(
        decoded.diff(dim=-2), target.diff(dim=-2)
    )
    return F.l1_loss(decoded, target) + 5 * F.mse_loss(decoded, target) + 0.3 * edges


@torch.no_grad()
def psnr(vae: AutoencoderKL, pictures: torch.Tensor) -> float:
    """Mean PSNR in dB over whole pictures (N, 3, 128, 128) in [-1, 1], each scored on its own."""
    decoded = torch.cat(
        [
            vae.decode(vae.encode(part).latent_dist.mode()).sample.clamp(-1, 1)
            for part in pictures.split(16)
        ]
    )
    error = ((decoded - pictures) / 2).pow(2).flatten(1).mean(1)
    return float((-10 * error.log10()).mean())


def validation_pictures(
    pictures: np.ndarray, items: list[Item], groups: tuple[str, ...]
) -> torch.Tensor:
    """Stack every third held-out picture, over plain backgrounds: (50, 3, 128, 128)."""
    held_out = set(held_out_concepts(items, groups))
    rows = [item.index for item in items if item.concept in held_out][::3]
    names = list(BACKGROUNDS)
    decoded = np.stack(
        [over(np.array(pictures[row]), names[i % len(names)]) for i, row in enumerate(rows)]
    )
    return torch.from_numpy(decoded).permute(0, 3, 1, 2).float() / 127.5 - 1


def main() -> None:
    """Train for `--minutes`, going on from the last state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--groups", default="animals,food,objects")
    parser.add_argument("--learning-rate", type=float, default=1.5e-3)
    parser.add_argument("--kl-weight", type=float, default=3e-5)
    parser.add_argument("--start-from", type=Path, help="a model folder, when there is no state")
    parser.add_argument("--freeze-encoder", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


def exported_state(folder: Path | None) -> dict[str, Any] | None:
    """Read an exported model's autoencoder as a state to go on from."""
    if folder is None:
        return None
    weights = AutoencoderKL.from_pretrained(folder, subfolder="vae").state_dict()
    trained = json.loads((folder / "figures.json").read_text())["training"]["vae"]
    return {**trained, "vae": weights, "average": weights}


class Session:
    """One run of training: the autoencoder, its average, the optimizer, and the state on disk."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.path = args.cache / "vae_state.pt"
        self.vae = make_vae()
        average = copy.deepcopy(self.vae)
        state = load_state(self.path) or exported_state(args.start_from)
        self.step = int(state["step"]) if state else 0
        if state:
            # A frozen encoder is the averaged one: its latents are what the UNet has learned.
            self.vae.load_state_dict(state["average" if args.freeze_encoder else "vae"])
            average.load_state_dict(state["average"])
        self.vae.to(args.device, memory_format=torch.channels_last)
        self.average = Average(average.to(args.device))
        if args.freeze_encoder:
            self.vae.encoder.requires_grad_(requires_grad=False)
            self.vae.quant_conv.requires_grad_(requires_grad=False)
        self.learned = [p for p in self.vae.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.learned, lr=args.learning_rate, betas=(0.9, 0.98), weight_decay=0
        )

    def advance(self, target: torch.Tensor, rate: float) -> torch.Tensor:
        """Take one optimizer step towards (B, 3, 64, 64) pictures; return the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        target = target.to(self.args.device).contiguous(memory_format=torch.channels_last)
        loss = self._loss(target)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learned, 1.0)
        self.optimizer.step()
        self.average.update(self.vae)
        self.step += 1
        return loss.detach()

    def _loss(self, target: torch.Tensor) -> torch.Tensor:
        frozen = self.args.freeze_encoder
        with torch.autocast(self.args.device, torch.bfloat16):
            latent = self.vae.encode(target).latent_dist
            sample = latent.mode() if frozen else latent.sample()
            decoded = self.vae.decode(sample).sample
        loss = reconstruction_loss(decoded.float(), target)
        if frozen:
            return loss
        return loss + self.args.kl_weight * latent.kl().mean() / sample[0].numel()

    def save(self) -> None:
        """Write everything that going on needs."""
        average = self.average.module.state_dict()
        save_state(self.path, {"step": self.step, "vae": self.vae.state_dict(), "average": average})


def train(args: argparse.Namespace) -> None:
    """Run the loop; state and EMA weights are written every three minutes and at the end."""
    groups = tuple(args.groups.split(","))
    stored, items = load(args.cache)
    pictures, rows = np.array(stored), training_rows(items, groups)
    check = validation_pictures(pictures, items, groups).to(args.device)
    torch.manual_seed(args.seed)
    session = Session(args)
    draw, first = np.random.default_rng(args.seed + session.step), session.step
    clock, saved = Clock(args.minutes), time.perf_counter()
    while clock.share < 1:
        rate = clock.rate(args.learning_rate, session.step - first)
        loss = session.advance(draw_batch(pictures, rows, draw), rate)
        if session.step % 250 == 0:
            score = psnr(session.average.module, check)
            print(f"{session.step} {clock.share:.2f} loss {loss:.4f} psnr {score:.2f}", flush=True)
        if time.perf_counter() - saved > SAVE_EVERY_SECONDS or clock.share >= 1:
            session.save()
            saved = time.perf_counter()
    print(f"done at {session.step}: psnr {psnr(session.average.module, check):.2f}")


if __name__ == "__main__":
    main()
