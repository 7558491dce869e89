"""How words are best ranked on pictures: where the known label stands, scored in several ways.

    python benchmarks/suggest_words.py [--sets 9] [--words 40] [--draws 32] [--unseen]
                                       [--minutes 3] [--table losses.npy]

Each set is the five pictures of one concept over white. The concepts are those that the pocket
model was taught by one word, or with `--unseen` those that it never saw, for which the word counts
that its card begins an inversion from (unicorn: horse). The candidates are these words, the labels
of other concepts, and random words of the vocabulary, all in "a photo of a [name]".

All losses are computed once, and the scorings compared on random parts of them: "common" has the
same noise for all words, "own" other noise for each word, "control" takes from the loss of a word
its loss on pictures of the other sets (twice the work at as many draws), and "standardized" weighs
all draws alike by the deviation that words have there. The pictures come from the art that
`tools/pocket_model/data.py` fetches.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from textual_inversion.evaluation.candidates import list_words
from textual_inversion.evaluation.word_loss import Draws, text_losses
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools" / "pocket_model"))
PROMPT = "a photo of a {}"
SAMPLES = 400  # random parts of the draws for each figure
Scoring = Callable[["Losses", int, int, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Losses:
    """Losses (S sets, W words, K draws), the draws by rising timestep; `right` (S,) are words."""

    losses: np.ndarray
    right: np.ndarray

    def strata(self, count: int) -> np.ndarray:
        """Split the draws into `count` parts of neighboring timesteps: (count, K / count)."""
        return np.arange(self.losses.shape[2]).reshape(count, -1)

    def one_each(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Choose one draw of each part."""
        return rng.permuted(self.strata(count), axis=1)[:, 0]


def common(table: Losses, which: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Score all words on the same draws."""
    return table.losses[which][:, table.one_each(count, rng)].mean(1)


def own(table: Losses, which: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Score each word on draws of its own."""
    rows = table.losses[which]
    return np.array([row[table.one_each(count, rng)].mean() for row in rows])


def control(table: Losses, which: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Subtract what words are worth on other sets' pictures, one of them for each draw."""
    draws = table.one_each(count, rng)
    others = rng.choice(np.delete(np.arange(len(table.losses)), which), count)
    elsewhere = table.losses[others, :, draws].mean(0)
    return common(table, which, count, rng) - elsewhere


def standardized(table: Losses, which: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Weigh draws alike, by the deviation of the words' losses in each."""
    rows = table.losses[which][:, table.one_each(count, rng)]
    return ((rows - rows.mean(0)) / rows.std(0)).mean(1)


SCORINGS: dict[str, Scoring] = {
    "common": common, "own": own, "control": control, "standardized": standardized,
}  # fmt: skip


def concepts(*, unseen: bool) -> dict[str, str]:
    """Map concepts to the right word for each, in an order drawn once."""
    from data import CPU_GROUPS, held_out_concepts, is_taught, load
    from inversion import INVERTED

    if unseen:
        return INVERTED
    items = load()[1]
    hidden = set(held_out_concepts(items, CPU_GROUPS))
    taught = {item.concept for item in items if is_taught(item, hidden)}
    ordered = random.Random("sets").sample(sorted(taught), len(taught))
    return {label: label for label in ordered}


def pictures_of(concept: str) -> list[Image.Image]:
    """Return the pictures of a concept, over white."""
    from data import load, over

    pictures, items = load()
    rows = [item.index for item in items if item.concept == concept]
    return [Image.fromarray(over(pictures[row], "white")) for row in rows]


def candidates(known: list[str], right: list[str], count: int) -> list[str]:
    """List the right words, then other labels and other words of the vocabulary, half of each."""
    draw = random.Random("words")
    labels = [label for label in concepts(unseen=False) if label in known and label not in right]
    rest = [word for word in known if word not in {*labels, *right}]
    missing = max(0, count - len(right))
    chosen = [*right, *draw.sample(labels, missing - missing // 2)]
    return [*chosen, *draw.sample(rest, missing // 2)]


def compute(model: BaseModel, args: argparse.Namespace) -> Losses:
    """Compute the losses of all words, set after set; what the table has already is kept."""
    known = list_words(model.text.encoders[0].tokenizer, 50_000)
    sets = [(label, word) for label, word in concepts(unseen=args.unseen).items() if word in known]
    sets = sets[: args.sets]
    words = candidates(known, list(dict.fromkeys(word for _, word in sets)), args.words)
    tables = list(np.load(args.table)) if args.table and args.table.exists() else []
    began = time.monotonic()
    for label, _ in sets[len(tables) :]:
        if time.monotonic() - began > 60 * args.minutes:
            break
        tables.append(losses_of(model, pictures_of(label), words, args.draws))
        if args.table:
            np.save(args.table, np.stack(tables))
    done = sets[: len(tables)]
    print("sets: " + ", ".join(f"{label} ({word})" for label, word in done))
    return Losses(np.stack(tables[: len(sets)]), np.array([words.index(word) for _, word in done]))


def losses_of(
    model: BaseModel, pictures: list[Image.Image], words: list[str], count: int
) -> np.ndarray:
    """Compute losses (words, draws), the draws by rising timestep."""
    latents = [model.scale_latents(model.encode_pictures([one]).mean) for one in pictures]
    draws = Draws.make(model, torch.cat(latents), count)
    texts = [PROMPT.format(word) for word in words]
    found = text_losses(model, texts, draws, range(count), 16)
    rows = torch.stack([row for place, row in found if place >= 0])
    return rows[:, draws.timesteps.argsort()].numpy()


def ranks(table: Losses, scoring: Scoring, count: int) -> np.ndarray:
    """Rank the right word of each set, 1 the best, on random parts of the draws."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(SAMPLES):
        for which, right in enumerate(table.right):
            scores = scoring(table, which, count, rng)
            found.append(1 + int((scores < scores[right]).sum()))
    return np.array(found)


def main() -> None:
    """Compute or read the losses, and print where the right words stand."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", type=int, default=9)
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--draws", type=int, default=32)
    parser.add_argument("--unseen", action="store_true", help="concepts that it was never taught")
    parser.add_argument("--table", type=Path, help="keep the losses in this .npy, and go on there")
    parser.add_argument("--minutes", type=float, default=60, help="begin no set after so many")
    args = parser.parse_args()
    table = compute(load_model(describe_model("models/pocket")), args)
    print(f"{len(table.losses)} sets, {table.losses.shape[1]} words; the rank of the right word:")
    columns = "".join(f"{name:>8}" for name in ("median", "mean", "first", "in ten", "1/rank"))
    print(f"{'draws':>5} {'scoring':14}{columns}")
    for count in (4, 8, 16, 32):
        for name, scoring in SCORINGS.items():
            found = ranks(table, scoring, count)
            shares = f"{(found == 1).mean():8.0%}{(found <= 10).mean():8.0%}"
            middle = f"{np.median(found):8.0f}{found.mean():8.1f}"
            print(f"{count:5} {name:14}{middle}{shares}{(1 / found).mean():8.2f}")


if __name__ == "__main__":
    torch.set_grad_enabled(mode=False)
    main()
