"""Measure a training step: ours beside a loop in the manner of diffusers' example script.

    python benchmarks/training_step.py [--model models/pocket] [--steps 20] [--rounds 3]

The other loop does what the script does, written anew from its description: the autoencoder
encodes the pictures at every step, the tokenizer and the token table grow by the new word, AdamW
works on the whole table, all other rows are put back after each step, and the loss is read each
time. Same model, pictures, batch, precision; the two run in turns, and ratios are of one run.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch.nn import functional as F

from textual_inversion.data.batches import Batches
from textual_inversion.data.latents import LatentCache
from textual_inversion.learner import Learner
from textual_inversion.models.base import BaseModel
from textual_inversion.models.find import describe_model
from textual_inversion.models.load import load_model
from textual_inversion.schedules import parse_schedule
from textual_inversion.settings import TrainSettings
from textual_inversion.vectors import start_vectors

NAME = "<bench-word>"
LINES = ("a photo of [name]", "a picture of [name]", "[name] seen from the side")


class ScriptLoop:
    """The example script's step on a diffusers pipeline."""

    def __init__(self, folder: Path, pictures: list[Image.Image], batch: int) -> None:
        from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
        from transformers import CLIPTextModel, CLIPTokenizer

        self.batch, self.pictures = batch, pictures
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        self.text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32)
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
        self.noise = DDPMScheduler.from_pretrained(folder / "scheduler")
        self.tokenizer.add_tokens(NAME)
        self.text.resize_token_embeddings(len(self.tokenizer))
        for module in (self.text, self.vae, self.unet):
            module.requires_grad_(requires_grad=False)
        self.table = self.text.get_input_embeddings().weight
        self.table.requires_grad_()
        self.original = self.table.detach().clone()
        self.optimizer = torch.optim.AdamW([self.table], lr=5e-3, weight_decay=1e-2)
        self.place = 0

    def step(self) -> float:
        """Take one step."""
        pixels = torch.stack([self._read() for _ in range(self.batch)])
        latents = self.vae.encode(pixels).latent_dist.sample() * self.vae.config.scaling_factor
        noise = torch.randn_like(latents)
        steps = torch.randint(0, self.noise.config.num_train_timesteps, (self.batch,)).long()
        ids = self.tokenizer(
            [LINES[self.place % 3].replace("[name]", NAME)] * self.batch,
            padding="max_length", truncation=True, max_length=77, return_tensors="pt",
        ).input_ids  # fmt: skip
        hidden = self.text(ids)[0]
        noisy = self.noise.add_noise(latents, noise, steps)
        loss = F.mse_loss(self.unet(noisy, steps, hidden).sample, noise)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            keep = torch.ones(len(self.table), dtype=torch.bool)
            keep[-1] = False
            self.table[keep] = self.original[keep]
        return loss.item()

    def checkpoint_bytes(self) -> int:
        """Size what the script's checkpoint holds: the text encoder and the optimizer."""
        return _size({"text": self.text.state_dict(), "optimizer": self.optimizer.state_dict()})

    def _read(self) -> torch.Tensor:
        import numpy as np

        picture = self.pictures[self.place % len(self.pictures)]
        self.place += 1
        size = self.unet.config.sample_size * 8
        resized = picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
        array = np.asarray(resized, dtype=np.float32) / 127.5 - 1
        return torch.from_numpy(array).permute(2, 0, 1)


class OurLoop:
    """Our step, with its own defaults."""

    def __init__(self, folder: Path, pictures: list[Image.Image], batch: int) -> None:
        self.model: BaseModel = load_model(
            describe_model(str(folder)), device=torch.device("cpu"), dtype=torch.float32
        )
        size = self.model.info.size
        settings = TrainSettings(embedding="bench-word", batch_size=batch)
        latents = LatentCache(self.model, "once", seed=0, flips=False)
        list(latents.fill([picture.convert("RGB").resize((size, size)) for picture in pictures]))
        batches = Batches(
            settings, name=NAME, lines=LINES, captions=("",) * len(pictures), latents=latents,
            num_timesteps=self.model.num_timesteps,
        )  # fmt: skip
        vectors = start_vectors(self.model.text.encoders, "photo", 1)
        self.learner = Learner(
            self.model, "bench-word", vectors, settings=settings, schedule=parse_schedule("0.005")
        )
        self.stream = batches.start_at(0)

    def step(self) -> float:
        """Take one step."""
        return float(self.learner.step(next(self.stream)))

    def checkpoint_bytes(self) -> int:
        """Size our checkpoint."""
        return _size(self.learner.state())


def _size(state: object) -> int:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.tell()


def seconds_a_step(step: Callable[[], float], count: int) -> float:
    """Give the mean over `count` steps."""
    began = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - began) / count


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/pocket"))
    parser.add_argument("--pictures", type=Path, default=Path("samples/unicorn"))
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    pictures = [Image.open(path) for path in sorted(args.pictures.glob("*.png"))]
    loops = {
        "in the script's manner": ScriptLoop(args.model, pictures, args.batch),
        "ours": OurLoop(args.model, pictures, args.batch),
    }
    taken: dict[str, list[float]] = {name: [] for name in loops}
    for loop in loops.values():
        loop.step()
    for _ in range(args.rounds):
        for name, loop in loops.items():
            taken[name].append(seconds_a_step(loop.step, args.steps))
    theirs, ours = (statistics.median(values) for values in taken.values())
    print(f"{args.model}, batch {args.batch}, fp32, CPU, {torch.get_num_threads()} threads")
    for name, loop in loops.items():
        seconds = statistics.median(taken[name])
        print(
            f"{name:24} {seconds * 1000:8.1f} ms a step  {args.batch / seconds:7.1f} pictures/s  "
            f"checkpoint {loop.checkpoint_bytes() / 1024:9.1f} KiB"
        )
    print(f"ours is {theirs / ours:.2f} times as fast")


if __name__ == "__main__":
    main()
