"""The judge's training: resumable, its length counted in steps and its cost in processor time."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.judging.art import Art
from benchmarks.judging.augment import Sample, draw_pairs, draw_singles, wander
from benchmarks.judging.bank import Bank
from benchmarks.judging.network import Judge, loss
from textual_inversion.storage.atomic import whole_file

SINGLES, PAIRS, FROM_BANK = 40, 8, 16  # of each batch
_PEAK_RATE = 4e-3
_RISE = 200
_SAVE_EVERY_SECONDS = 60.0


class Course:
    """One training of the judge: `run` goes on until the last step, or as long as it may."""

    def __init__(
        self, art: Art, rows: list[int], bank: Bank, *, num_steps: int, state_path: Path
    ) -> None:
        self.art, self.rows, self.bank = art, rows, bank
        self.num_steps, self.path = num_steps, state_path
        self.step, self.seconds = 0, 0.0
        torch.manual_seed(0)
        self.judge = Judge(len(art.names)).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.judge.parameters(), lr=_PEAK_RATE, weight_decay=0.02, fused=True
        )
        self._by_style = [
            [row for row in rows if art.styles[row] == style] for style in range(5)
        ]  # partners for pairs
        if state_path.exists():
            self._load(torch.load(state_path, weights_only=True))

    def run(self, *, minutes: float = math.inf) -> bool:
        """Train for so many minutes of the clock at most; tell whether all steps are taken."""
        began, saved = time.perf_counter(), time.perf_counter()
        losses: list[float] = []
        while self.step < self.num_steps and time.perf_counter() - began < 60 * minutes:
            before = time.process_time()
            losses.append(self._advance())
            self.seconds += time.process_time() - before
            if self.step % 100 == 0:
                mean = sum(losses) / len(losses)
                print(f"{self.step} of {self.num_steps}: loss {mean:.3f}, "
                      f"{self.seconds:.0f} s of the processor", flush=True)  # fmt: skip
                losses.clear()
            if time.perf_counter() - saved > _SAVE_EVERY_SECONDS:
                self.save()
                saved = time.perf_counter()
        self.save()
        return self.step >= self.num_steps

    def save(self) -> None:
        """Write what going on needs."""
        with whole_file(self.path) as temporary:
            torch.save(self.state(), temporary)

    def state(self) -> dict[str, Any]:
        """Collect what going on needs."""
        return {
            "judge": self.judge.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }

    def _load(self, state: dict[str, Any]) -> None:
        self.judge.load_state_dict(state["judge"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    def _advance(self) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.step, self.num_steps)
        sample = self._draw(torch.Generator().manual_seed(self.step))
        self.judge.train()
        with torch.autocast("cpu", torch.bfloat16):
            look = self.judge(sample.pixels)
        total = loss(look, sample)
        self.optimizer.zero_grad()
        total.backward()
        self.optimizer.step()
        self.step += 1
        return total.item()

    def _draw(self, draw: torch.Generator) -> Sample:
        """Draw a batch: lone things, pairs, and pictures that went through the pocket model."""
        singles = draw_singles(self.art, self._some(SINGLES, draw), draw, "training")
        left = self._some(PAIRS, draw)
        right = [row if i % 2 else self._partner(row, draw) for i, row in enumerate(left)]
        pairs = draw_pairs(self.art, left, right, draw, "training")
        chosen = torch.randint(len(self.bank.rows), (FROM_BANK,), generator=draw)
        moved = wander(self.bank.pixels[chosen].float() / 255, draw)
        return singles + pairs + self.bank.sample(self.art, chosen, moved)

    def _some(self, count: int, draw: torch.Generator) -> list[int]:
        places = torch.randint(len(self.rows), (count,), generator=draw)
        return [self.rows[place] for place in places]

    def _partner(self, row: int, draw: torch.Generator) -> int:
        same_style = self._by_style[int(self.art.styles[row])]
        return same_style[int(torch.randint(len(same_style), (1,), generator=draw))]


def rate(step: int, num_steps: int) -> float:
    """Rise to the peak, then fall along half a cosine to nothing."""
    rise = min(_RISE, num_steps // 10)
    return _PEAK_RATE * min(1.0, (step + 1) / (rise + 1)) * (
        0.5 + 0.5 * math.cos(math.pi * step / num_steps)
    )  # fmt: skip
