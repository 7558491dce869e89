"""How often the judge is right on what it was not trained on, and what it takes for what.

N pictures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.judging.art import Art, pocket_world, training_rows, unseen_pairs
from benchmarks.judging.augment import NAMES, NO_NAME, Sample, draw_pairs, draw_singles
from benchmarks.judging.bank import Bank
from benchmarks.judging.network import Judge, Look
from tools.pocket_model.data import STYLES

_BATCH = 100
# Training draws from the generators 0, 1, 2, ...; these are none of them.
_FIRST_SEED = 10**9


@dataclass(frozen=True)
class Check:
    """What was asked and what the judge said, for one kind of pictures."""

    title: str
    sample: Sample
    look: Look

    @property
    def hits(self) -> np.ndarray:
        """Whether the likeliest concept is right; of pairs, the likeliest two: (N,)."""
        wanted = self.sample.concepts
        alone = wanted[:, 0] == wanted[:, 1]
        best = self.look.concepts.topk(2, dim=1).indices
        both = best.sort(1).values == wanted.sort(1).values
        return torch.where(alone, best[:, 0] == wanted[:, 0], both.all(1)).numpy()

    def right(self, head: str, among: np.ndarray | None = None) -> float:
        """Return the share that `head` ("concepts", "styles", …) gets right."""
        if head == "concepts":
            found = self.hits
        else:
            wanted = getattr(self.sample, head)
            found = (getattr(self.look, head).argmax(1) == wanted).numpy()
            known = wanted.numpy() != NO_NAME
            among = known if among is None else among & known
        found = found if among is None else found[among]
        return float(found.mean()) if len(found) else float("nan")


def run_checks(judge: Judge, art: Art, bank: Bank, *, count: int) -> list[Check]:
    """Look at `count` pictures of each kind (of the bank, as many as it has)."""
    rows = training_rows(art.items)
    unseen = unseen_pairs(art.items)
    never = [item.index for item in art.items if unseen.get(item.concept) == item.style]
    draw = torch.Generator().manual_seed(_FIRST_SEED)
    some, others = _choose(rows, count, draw), _choose(rows, count, draw)
    pairs = [
        left if i % 2 else right for i, (left, right) in enumerate(zip(some, others, strict=True))
    ]
    made = bank.sample(art, torch.arange(len(bank.rows)), bank.pixels.float() / 127.5 - 1)
    samples = {
        "new draws, colours of names 17 to 24 off": draw_singles(art, some, draw, "checking"),
        "backgrounds without a name": draw_singles(art, some, draw, "strange"),
        "through the pocket model, half denoised": made,
        "two things": draw_pairs(art, some, pairs, draw, "checking"),
        "a style of the concept never seen": draw_singles(art, never, draw, "checking"),
    }
    return [
        Check(title, sample, look_at(judge, sample.pixels)) for title, sample in samples.items()
    ]


@torch.no_grad()
def look_at(judge: Judge, pixels: torch.Tensor) -> Look:
    """Look at pictures (N, 3, S, S) in [-1, 1] in fp32."""
    judge.eval()
    looks = [judge(part) for part in pixels.split(_BATCH)]
    names = ("concepts", "styles", "backgrounds", "counts", "embeddings")
    return Look(*(torch.cat([getattr(look, name) for look in looks]) for name in names))


def _choose(rows: list[int], count: int, draw: torch.Generator) -> list[int]:
    return [rows[i] for i in torch.randperm(len(rows), generator=draw)[:count]]


def describe(checks: list[Check], art: Art) -> str:
    """Write the table of shares, the two small confusion tables and the commonest confusions."""
    world = pocket_world(art.items)
    inside = np.array([name in world for name in art.names])
    lines = [
        "| pictures | N | concept | concept, pocket model's | style | background | one or two |",
        "|---|---|---|---|---|---|---|",
    ]
    for check in checks:
        among = inside[check.sample.concepts[:, 0].numpy()]
        cells = [
            check.right("concepts"),
            check.right("concepts", among),
            check.right("styles"),
            check.right("backgrounds"),
            check.right("counts"),
        ]
        shares = " | ".join("-" if cell != cell else f"{cell:.1%}" for cell in cells)
        lines.append(f"| {check.title} | {len(among)} | {shares} |")
    lone = checks[:3]
    for head, names in (("styles", STYLES), ("backgrounds", NAMES)):
        lines += ["", *_confusion_table(lone, head, names)]
    return "\n".join([*lines, "", *_commonest(lone, art)])


def _confusion_table(checks: list[Check], head: str, names: tuple[str, ...]) -> list[str]:
    """Count what is (rows) against what was said (columns)."""
    counts = np.zeros((len(names), len(names)), dtype=int)
    for check in checks:
        said = getattr(check.look, head).argmax(1)
        for true, found in zip(getattr(check.sample, head), said, strict=True):
            if true != NO_NAME:
                counts[int(true), int(found)] += 1
    rows = [
        f"| {name} | {' | '.join(str(cell) for cell in row)} |"
        for name, row in zip(names, counts, strict=True)
    ]
    return [f"| is \\ said | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|", *rows]


def _commonest(checks: list[Check], art: Art, count: int = 15) -> list[str]:
    """List the concepts most often taken for another."""
    confused: Counter[tuple[int, int]] = Counter()
    for check in checks:
        said = check.look.concepts.argmax(1)
        wrong = ~torch.from_numpy(check.hits)
        confused.update(
            zip(check.sample.concepts[wrong, 0].tolist(), said[wrong].tolist(), strict=True)
        )
    return [
        f"- {art.names[true]} was taken for {art.names[found]} {times} times"
        for (true, found), times in confused.most_common(count)
    ]
