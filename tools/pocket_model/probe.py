"""Ask whether the UNet listens to the text: its loss with right, with others' and without captions.

A text encoder can die while the training loss looks healthy: then the three columns are equal. Run
it after the first five minutes of every training.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from data import DEFAULT_CACHE, caption
from latents import taught_latents
from learner import SHORT_POSITIONS, Learner, tokenise
from training import load_state
from transformers import CLIPTokenizer

TIMESTEPS = (200, 500, 700, 850, 950)


@torch.no_grad()
def probe(cache: Path, *, target: str, count: int) -> list[tuple[int, float, float, float]]:
    """Return the loss at each timestep with correct captions, shuffled ones, and none."""
    tokenizer = CLIPTokenizer.from_pretrained(cache / "tokenizer")
    learner = Learner(len(tokenizer))
    learner.load_state_dict(load_state(cache / "unet_state.pt")["average"])
    learner.eval()
    taught = taught_latents(cache)
    draw = random.Random(0)
    places = [(draw.randrange(len(taught.items)), draw.randrange(5)) for _ in range(count)]
    captions = [caption(taught.items[r], taught.backgrounds[r][p], draw) for r, p in places]
    latents = torch.stack([taught.latents[r, p].float() for r, p in places])
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))

    def loss(captions: list[str], timestep: int) -> float:
        tokens = tokenise(tokenizer, captions, SHORT_POSITIONS)
        steps = torch.full((count,), timestep)
        errors = learner(
            tokens, latents, noise, steps, weigh_padding=True, velocity=target == "velocity"
        )
        return errors.mean().item()

    others, nothing = captions[1:] + captions[:1], [""] * count
    return [(t, loss(captions, t), loss(others, t), loss(nothing, t)) for t in TIMESTEPS]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--target", choices=("noise", "velocity"), default="noise")
    parser.add_argument("--count", type=int, default=64)
    args = parser.parse_args()
    print("timestep   right captions   others'   none")
    for timestep, right, others, nothing in probe(args.cache, target=args.target, count=args.count):
        print(f"{timestep:8} {right:16.4f} {others:9.4f} {nothing:6.4f}")


if __name__ == "__main__":
    main()
