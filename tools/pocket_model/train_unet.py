"""Train the pocket model's UNet and text encoder together, on latents that are encoded once.

Run it again to go on: the state lies in the cache folder. The learning rate follows the clock and
is near nothing when `--minutes` are over.

Legend: B batch, T token positions, D width.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from data import DEFAULT_CACHE, caption
from latents import Taught, taught_latents
from model import make_text_encoder, make_unet, training_schedule
from tokenizer import POSITIONS
from torch import nn
from training import Average, Clock, load_state, save_state
from transformers import CLIPTokenizer

SHORT_POSITIONS = 24  # nearly all captions fit; the rest is padding, weighed in by `padding_mask`
SHORT_SHARE = 0.85  # of the time; then all 77 positions are used, as they are ever after
POSITION_VECTORS = "embeddings.position_embedding"
EMPTY_SHARE = 0.1  # captions left out, for classifier-free guidance
SAVE_EVERY_SECONDS = 180


class Learner(nn.Module):
    """UNet and text encoder as one module: captions' tokens and noised latents in, loss out."""

    def __init__(self, num_entries: int) -> None:
        super().__init__()
        self.unet = make_unet()
        self.text = make_text_encoder(num_entries)
        schedule = training_schedule()
        self.register_buffer("alphas", schedule.alphas_cumprod, persistent=False)
        self.register_buffer("mask", padding_mask(SHORT_POSITIONS), persistent=False)

    def forward(
        self, tokens: torch.Tensor, latents: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor
    ) -> torch.Tensor:
        """Give each sample's squared error of the predicted noise: (B,)."""
        alpha = self.alphas[steps][:, None, None, None]
        noised = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
        with torch.autocast(latents.device.type, torch.bfloat16):
            text = self.text(input_ids=tokens).last_hidden_state  # (B, T, D)
            short = tokens.shape[1] == SHORT_POSITIONS
            mask = self.mask.expand(len(tokens), -1) if short else None
            noised = noised.contiguous(memory_format=torch.channels_last)
            made = self.unet(noised, steps, text, encoder_attention_mask=mask).sample
        return (made.float() - noise).pow(2).mean((1, 2, 3))

    @torch.no_grad()
    def fill_positions(self) -> None:
        """Give the positions that short training leaves out what the last one has learned."""
        vectors = self.text.get_submodule(POSITION_VECTORS).weight
        vectors[SHORT_POSITIONS:] = vectors[SHORT_POSITIONS - 1]

    def loss(self, errors: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Weigh the samples' errors by their noise and average them."""
        alpha = self.alphas[steps]
        return (errors * step_weights(alpha / (1 - alpha))).mean()


def step_weights(snr: torch.Tensor, *, gamma: float = 5.0) -> torch.Tensor:
    """Weigh a squared noise error: min-SNR (sec. 3.4 of arXiv:2303.09556), noisy steps lifted.

    At high noise, where it is decided what the picture shows and where, an error of the picture
    counts next to nothing in the noise; the root makes it two to four times that.
    """
    return snr.clamp(max=gamma) / snr * (1 + 1 / (snr + 0.05)).sqrt()


def padding_mask(num_positions: int) -> torch.Tensor:
    """Let the last of `num_positions` columns stand for all the padding cut away: (1, T).

    The UNet turns a mask m into the attention bias (m - 1) * 10,000; the bias wanted is the
    logarithm of the number of columns that the last one stands for.
    """
    mask = torch.ones(1, num_positions)
    mask[0, -1] += math.log(POSITIONS - num_positions + 1) / 10_000
    return mask


def spread_steps(batch: int, draw: torch.Generator) -> torch.Tensor:
    """Draw one timestep from each of `batch` equal parts of the schedule, in random order: (B,)."""
    places = torch.randperm(batch, generator=draw) + torch.rand(batch, generator=draw)
    return (places * 1000 / batch).long().clamp(max=999)


def batches(taught: Taught, size: int, seed: int) -> Iterator[tuple[list[str], torch.Tensor]]:
    """Give captions and latents (B, 4, 16, 16) for ever, every picture once before any twice."""
    draw, order = random.Random(seed), np.random.default_rng(seed)
    num_pictures, num_backgrounds = taught.latents.shape[:2]
    queue = np.empty(0, dtype=np.int64)
    while True:
        while len(queue) < size:
            queue = np.concatenate([queue, order.permutation(num_pictures)])
        rows, queue = queue[:size], queue[size:]
        places = np.where(
            order.random(size) < 0.4, 0, order.integers(1, max(2, num_backgrounds), size)
        )
        captions = [
            ""
            if draw.random() < EMPTY_SHARE
            else caption(taught.items[row], taught.backgrounds[row][place], draw)
            for row, place in zip(rows, places, strict=True)
        ]
        yield captions, taught.latents[rows, places].float()


def tokenise(tokenizer: CLIPTokenizer, captions: list[str], positions: int) -> torch.Tensor:
    """Cut or pad captions to `positions` tokens: (B, T)."""
    return tokenizer(
        captions, padding="max_length", max_length=positions, truncation=True, return_tensors="pt"
    ).input_ids


def main() -> None:
    """Train for `--minutes`, going on from the last state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--everything", action="store_true", help="teach all concepts (GPU)")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1.2e-3)
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", default="unet_state.pt", help="its name in the cache folder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


class Session:
    """One run of training: the learner, its average, the optimizer, and the state on disk."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.path = args.cache / args.state
        self.tokenizer = CLIPTokenizer.from_pretrained(args.cache / "tokenizer")
        self.is_short = True
        self.taught = taught_latents(args.cache, everything=args.everything, device=args.device)
        torch.manual_seed(args.seed)
        self.learner = Learner(len(self.tokenizer))
        state = load_state(self.path)
        self.step = int(state["step"]) if state else 0
        self.seconds = float(state["seconds"]) if state else 0.0
        average = copy.deepcopy(self.learner)
        if state:
            self.learner.load_state_dict(state["learner"])
            average.load_state_dict(state["average"])
        self.learner.to(args.device, memory_format=torch.channels_last)
        self.average = Average(average.to(args.device), args.ema, updates=self.step)
        self.optimizer = torch.optim.AdamW(
            self.learner.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0, fused=True
        )
        if state:
            self.optimizer.load_state_dict(state["optimizer"])

    def use_positions(self, *, short: bool) -> None:
        """Train on the first positions only, or on all of them from now on."""
        if self.is_short and not short:
            self._fill_positions()
        self.is_short = short

    def _fill_positions(self) -> None:
        self.learner.fill_positions()
        self.average.module.fill_positions()

    def advance(
        self, latents: torch.Tensor, captions: list[str], draw: torch.Generator
    ) -> torch.Tensor:
        """Take one optimizer step; give the loss, not yet waited for."""
        device = self.args.device
        steps = spread_steps(len(latents), draw).to(device)
        noise = torch.randn(latents.shape, generator=draw).to(device)
        tokens = tokenise(
            self.tokenizer, captions, SHORT_POSITIONS if self.is_short else POSITIONS
        ).to(device)
        errors = self.learner(tokens, latents.to(device), noise, steps)
        loss = self.learner.loss(errors, steps)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
        self.optimizer.step()
        self.average.update(self.learner)
        self.step += 1
        return loss.detach()

    def save(self, seconds: float) -> None:
        """Write everything that going on needs; unused positions are made fit for use."""
        if self.is_short:
            self._fill_positions()
        save_state(
            self.path,
            {
                "step": self.step,
                "seconds": self.seconds + seconds,
                "samples": self.step * self.args.batch,
                "learner": self.learner.state_dict(),
                "average": self.average.module.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            },
        )


def train(args: argparse.Namespace) -> None:
    """Run the loop, saying how it goes every 100 steps and saving every three minutes."""
    session = Session(args)
    stream = batches(session.taught, args.batch, args.seed + session.step)
    draw = torch.Generator().manual_seed(args.seed + session.step)
    clock, first, losses = Clock(args.minutes), session.step, []
    begun = saved = time.perf_counter()
    while clock.share < 1:
        rate = clock.rate(args.learning_rate, session.step - first)
        for group in session.optimizer.param_groups:
            group["lr"] = rate
        session.use_positions(short=clock.share < SHORT_SHARE)
        losses.append(session.advance(*next(stream), draw))
        now = time.perf_counter()
        if session.step % 100 == 0:
            pace = (session.step - first) * args.batch / (now - begun)
            mean = torch.stack(losses).mean().item()
            losses.clear()
            print(
                f"{session.step} {clock.share:.3f} loss {mean:.4f} rate {rate:.2e} {pace:.1f}/s",
                flush=True,
            )
        if now - saved > SAVE_EVERY_SECONDS or clock.share >= 1:
            session.save(now - begun)
            saved = now


if __name__ == "__main__":
    main()
