"""Train the pocket model's UNet and text encoder together, on latents that are encoded once.

Run it again to go on: the state lies in the cache folder; without one, `--start-from` goes on from
an exported model's weights. The learning rate follows the clock and is near nothing when
`--minutes` are over.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from data import DEFAULT_CACHE
from diffusers import UNet2DConditionModel
from latents import taught_latents
from learner import SHORT_POSITIONS, Learner, spread_steps, tokenise
from stream import batches
from tokenizer import POSITIONS
from train_text import taught_text
from training import Average, Clock, load_state, save_state
from transformers import CLIPTextModel, CLIPTokenizer

SHORT_SHARE = 0.85  # of the time; then all 77 positions are used, as they are ever after
FROZEN_SHARE = 0.15  # of the first run's time; the text encoder waits until the UNet listens
TEXT_PART = 0.05  # of the UNet's learning rate, when it learns along
SAVE_EVERY_SECONDS = 120


def main() -> None:
    """Train for `--minutes`, going on from the last state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--everything", action="store_true", help="teach all concepts (GPU)")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=8e-4)
    parser.add_argument("--target", choices=("noise", "velocity"), default="noise")
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", default="unet_state.pt", help="its name in the cache folder")
    parser.add_argument("--start-from", type=Path, help="a model folder, when there is no state")
    parser.add_argument("--workers", type=int, default=1 if torch.cuda.is_available() else 2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


def exported_state(folder: Path | None) -> dict[str, Any] | None:
    """Read an exported model's weights, and how long they were trained, as a state to go on from.

    The optimizer's moments are not exported and begin anew.
    """
    if folder is None:
        return None
    parts = {
        "unet": UNet2DConditionModel.from_pretrained(folder, subfolder="unet"),
        "text": CLIPTextModel.from_pretrained(folder, subfolder="text_encoder").float(),
    }
    weights = {
        f"{part}.{name}": value
        for part, module in parts.items()
        for name, value in module.state_dict().items()
    }
    trained = json.loads((folder / "figures.json").read_text())["training"]["unet"]
    return {**trained, "learner": weights, "average": weights}


class Session:
    """One run of training: the learner, its average, the optimizer, and the state on disk.

    Workers fetch weights and a batch, and hand in gradients; the lock keeps them apart. With two
    workers a gradient is at most one step old, and no core ever waits for the other.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.path = args.cache / args.state
        self.tokenizer = CLIPTokenizer.from_pretrained(args.cache / "tokenizer")
        self.taught = taught_latents(args.cache, everything=args.everything, device=args.device)
        torch.manual_seed(args.seed)
        self.learner = Learner(len(self.tokenizer))
        average = copy.deepcopy(self.learner)
        state = load_state(self.path) or exported_state(args.start_from)
        state = state or {"step": 0, "samples": 0, "seconds": 0.0}
        self.step, self.samples, self.seconds = state["step"], state["samples"], state["seconds"]
        if self.step:
            self.learner.load_state_dict(state["learner"])
            average.load_state_dict(state["average"])
        else:
            for side in (self.learner, average):
                side.text.load_state_dict(taught_text(args.cache))
        self.learner.to(args.device, memory_format=torch.channels_last)
        self.average = Average(average.to(args.device), args.ema, updates=self.step)
        groups = [
            {"params": list(self.learner.unet.parameters())},
            {"params": list(self.learner.text.parameters())},
        ]
        self.optimizer = torch.optim.AdamW(
            groups, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0, fused=True
        )
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        self.stream = batches(self.taught, args.batch, args.seed + self.step)
        self.draw = torch.Generator().manual_seed(args.seed + self.step)
        self.lock, self.is_over, self.is_short = Lock(), False, True
        self.losses: list[torch.Tensor] = []
        self.first = self.step

    def start(self) -> None:
        """Start the clock."""
        self.clock = Clock(self.args.minutes, warmup_steps=100)
        self.begun = self.saved = time.perf_counter()

    @torch.no_grad()
    def fetch(self, replica: Learner) -> tuple[torch.Tensor, ...]:
        """Copy the weights to `replica`; return tokens, latents, noise and timesteps."""
        with self.lock:
            torch._foreach_copy_(list(replica.parameters()), list(self.learner.parameters()))
            captions, latents = next(self.stream)
            steps = spread_steps(len(latents), self.draw)
            noise = torch.randn(latents.shape, generator=self.draw)
            positions = SHORT_POSITIONS if self.is_short else POSITIONS
        tokens = tokenise(self.tokenizer, captions, positions)
        return tuple(part.to(self.args.device) for part in (tokens, latents, noise, steps))

    def hand_in(self, replica: Learner, loss: torch.Tensor) -> None:
        """Take one optimizer step with the gradients of `replica`, then run what is due."""
        with self.lock:
            for ours, theirs in zip(self.learner.parameters(), replica.parameters(), strict=True):
                ours.grad, theirs.grad = theirs.grad, None
            rate = self.clock.rate(self.args.learning_rate, self.step - self.first)
            unet, text = self.optimizer.param_groups
            unet["lr"] = rate
            text["lr"] = rate * TEXT_PART if self._is_heard else 0.0
            torch.nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
            self.optimizer.step()
            self.average.update(self.learner)
            self.step += 1
            self.samples += self.args.batch
            self.losses.append(loss.detach())
            self._do_what_is_due(rate)

    @property
    def _is_heard(self) -> bool:
        """Whether the text encoder is trained: late in the first run, and in every later one."""
        return self.first > 0 or self.clock.share > FROZEN_SHARE

    def _do_what_is_due(self, rate: float) -> None:
        now, share = time.perf_counter(), self.clock.share
        if self.is_short and share >= SHORT_SHARE:
            self._fill_positions()
            self.is_short = False
        if self.step % 100 == 0:
            self._report(rate, (self.step - self.first) * self.args.batch / (now - self.begun))
        if share >= 1:
            self.is_over = True
        if now - self.saved > SAVE_EVERY_SECONDS or self.is_over:
            self._save(now - self.begun)
            self.saved = now

    def _report(self, rate: float, pace: float) -> None:
        loss = torch.stack(self.losses).mean().item()
        self.losses.clear()
        share = self.clock.share
        print(f"{self.step} {share:.3f} loss {loss:.4f} rate {rate:.1e} {pace:.1f}/s", flush=True)

    def _fill_positions(self) -> None:
        self.learner.fill_positions()
        self.average.module.fill_positions()

    def _save(self, seconds: float) -> None:
        """Write everything that going on needs; unused positions are made fit for use."""
        if self.is_short:
            self._fill_positions()
        state = {"step": self.step, "samples": self.samples, "seconds": self.seconds + seconds}
        state["target"] = self.args.target
        state["learner"] = self.learner.state_dict()
        state["average"] = self.average.module.state_dict()
        state["optimizer"] = self.optimizer.state_dict()
        save_state(self.path, state)


def work(session: Session) -> None:
    """Learn from one batch after the other until the time is over, or another worker failed."""
    replica = copy.deepcopy(session.learner)
    try:
        while not session.is_over:
            batch = session.fetch(replica)
            velocity = session.args.target == "velocity"
            errors = replica(*batch, weigh_padding=session.is_short, velocity=velocity)
            loss = errors.mean() if velocity else replica.loss(errors, batch[-1])
            loss.backward()
            session.hand_in(replica, loss)
    finally:
        session.is_over = True


def train(args: argparse.Namespace) -> None:
    """Train with `--workers` threads of one core each, or on the GPU with one."""
    session = Session(args)
    if args.workers > 1:
        torch.set_num_threads(1)
    session.start()
    with ThreadPoolExecutor(args.workers) as pool:
        for worker in [pool.submit(work, session) for _ in range(args.workers)]:
            worker.result()


if __name__ == "__main__":
    main()
