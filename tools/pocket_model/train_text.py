"""Teach the pocket model's text encoder what pictures the captions mean, before the UNet listens.

CLIP's own objective (arXiv:2103.00020, sec. 2.3) on our pictures' latents: each caption must find
its picture among the others of the batch, and, beyond CLIP, sketch its latents. A few minutes
suffice. A text encoder that learns from the UNet alone, from noise, dies early: its outputs become
equal for all texts while the loss looks healthy.

Legend: B batch, T token positions, D width.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from data import DEFAULT_CACHE
from latents import taught_latents
from learner import SHORT_POSITIONS, Learner, tokenise
from model import WIDTH
from stream import batches
from torch import nn
from torch.nn import functional
from training import Clock, load_state, save_state
from transformers import CLIPTokenizer

STATE = "text_state.pt"
SKETCH_WEIGHT = 2.0
SHARED_WIDTH = 192  # of the space in which captions and pictures meet


class Pairing(nn.Module):
    """The text encoder with what it is taught by: a picture encoder and a sketching layer."""

    def __init__(self, text: nn.Module) -> None:
        super().__init__()
        self.text = text
        self.say = nn.Linear(WIDTH, SHARED_WIDTH, bias=False)
        self.sketch = nn.Linear(WIDTH, 4 * 16 * 16)
        self.see = nn.Sequential(
            nn.Conv2d(4, 64, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(64, 128, 4, stride=2, padding=1),
            nn.GroupNorm(16, 128),
            nn.SiLU(),
            nn.Conv2d(128, 128, 4, stride=2, padding=1),
            nn.GroupNorm(16, 128),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(128 * 4 * 4, SHARED_WIDTH),
        )
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def forward(
        self, tokens: torch.Tensor, positions: torch.Tensor, latents: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of every caption for every picture (B, B), and the sketches' error.

        `places` (B,) says which position speaks for each caption: any from its end token on, so
        that each of the padding's vectors learns to hold the whole caption.
        """
        hidden = self.text(input_ids=tokens).last_hidden_state  # (B, T, D)
        spoken = hidden[torch.arange(len(tokens)), positions]
        text_vectors = functional.normalize(self.say(spoken), dim=-1)
        picture_vectors = functional.normalize(self.see(latents), dim=-1)
        error = (self.sketch(spoken) - latents.flatten(1)).pow(2).mean()
        return text_vectors @ picture_vectors.T * self.log_scale.clamp(max=4.6).exp(), error


def draw_places(tokens: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Draw for each caption one position from its end token to the last: (B,)."""
    ends = (tokens == tokens[0, -1]).int().argmax(1)
    length = tokens.shape[1]
    return (ends + torch.rand(len(ends), generator=draw) * (length - ends)).long()


def train(args: argparse.Namespace) -> None:
    """Teach for `--minutes` and write the text encoder's weights."""
    torch.manual_seed(args.seed)
    tokenizer = CLIPTokenizer.from_pretrained(args.cache / "tokenizer")
    taught = taught_latents(args.cache, everything=args.everything, device=args.device)
    pairing = Pairing(Learner(len(tokenizer)).text).to(args.device)
    optimizer = torch.optim.AdamW(pairing.parameters(), lr=1e-3, weight_decay=0.01)
    stream = batches(taught, args.batch, args.seed, empty_share=0.0)
    draw = torch.Generator().manual_seed(args.seed)
    clock = Clock(args.minutes, warmup_steps=100)
    begun = time.perf_counter()
    step = 0
    while clock.share < 1:
        captions, latents = next(stream)
        tokens = tokenise(tokenizer, captions, SHORT_POSITIONS)
        batch = (tokens, draw_places(tokens, draw), blurred(latents, draw))
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(args.learning_rate, step)
        found = learn(pairing, optimizer, *(part.to(args.device) for part in batch))
        step += 1
        if step % 50 == 0:
            pace = step * args.batch / (time.perf_counter() - begun)
            print(f"{step} {clock.share:.3f} found {found.item():.0%} {pace:.0f}/s", flush=True)
    save_state(args.cache / STATE, {"text": pairing.text.state_dict(), "steps": step})


def blurred(latents: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Add a little noise, so that no picture is known by its exact numbers."""
    return latents + 0.1 * torch.randn(latents.shape, generator=draw)


def learn(
    pairing: Pairing,
    optimizer: torch.optim.Optimizer,
    tokens: torch.Tensor,
    positions: torch.Tensor,
    latents: torch.Tensor,
) -> torch.Tensor:
    """Take one optimizer step; return the share of the captions matched to their picture."""
    logits, error = pairing(tokens, positions, latents)
    answers = torch.arange(len(logits), device=logits.device)
    there, back = (functional.cross_entropy(side, answers) for side in (logits, logits.T))
    optimizer.zero_grad()
    ((there + back) / 2 + SKETCH_WEIGHT * error).backward()
    nn.utils.clip_grad_norm_(pairing.parameters(), 1.0)
    optimizer.step()
    return (logits.argmax(1) == answers).float().mean()


def taught_text(cache: Path) -> dict[str, torch.Tensor]:
    """Read the weights that `train` wrote; `SystemExit` when there are none."""
    state = load_state(cache / STATE)
    if state is None:
        raise SystemExit(f"there is no {cache / STATE} yet; run train_text.py first")
    return state["text"]


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--everything", action="store_true", help="teach all concepts (GPU)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
