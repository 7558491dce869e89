"""Count what a training step of SD 1.5's shape computes, and what many concepts cost by it.

    python benchmarks/flops.py [--concepts 10000] [--steps 500] [--batch 4] [--gpus 8]
        [--peak 989] [--utilisation 0.35] [--price 3.5]

Counted, with no memory for weights or pictures: one pass of the text encoder and the UNet for a
picture of 512 px, and the gradient of what the text encoder is given; none of the frozen weights.
The rest is arithmetic on assumptions: `--peak` is one GPU's in TFLOP/s (of the H100 and the H200,
dense bf16: 989, by NVIDIA's data sheet), `--utilisation` the share of it that is reached, `--price`
what an hour of one GPU costs.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.shapes import sd15_shape  # noqa: E402


def count_step() -> tuple[int, int]:
    """Count the floating point operations of a picture's step: forward, and with the gradient."""
    unet, text = (part.requires_grad_(requires_grad=False) for part in sd15_shape())
    words = torch.zeros(1, 77, 768, device="meta", requires_grad=True)  # (B, T, D)
    latents = torch.zeros(1, 4, 64, 64, device="meta")  # (B, C, H, W)
    with FlopCounterMode(display=False) as forward:
        predicted = _predict(unet, text, words, latents)
    with FlopCounterMode(display=False) as backward:
        torch.autograd.grad(predicted.float().square().mean(), words)
    first = forward.get_total_flops()
    return first, first + backward.get_total_flops()


def _predict(unet: Any, text: Any, words: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    ids = torch.zeros(1, 77, dtype=torch.long, device="meta")
    table = text.get_input_embeddings()
    hook = table.register_forward_hook(lambda *_: words)
    try:
        hidden = text(input_ids=ids).last_hidden_state
    finally:
        hook.remove()
    time = torch.zeros(1, dtype=torch.long, device="meta")
    return unet(latents, time, encoder_hidden_states=hidden).sample


def main() -> None:
    """Print the count and what follows from it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("concepts", 10_000), ("steps", 500), ("batch", 4), ("gpus", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in (("peak", 989.0), ("utilisation", 0.35), ("price", 3.5)):
        parser.add_argument(f"--{name}", type=float, default=default)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    forward, step = count_step()
    print(f"a picture: {forward / 1e12:.3f} TFLOP forward, {step / 1e12:.3f} with the gradient")
    total = step * args.batch * args.steps * args.concepts
    seconds = total / (args.gpus * args.peak * 1e12 * args.utilisation)
    each = seconds * args.gpus / args.concepts
    print(f"{args.concepts:,} concepts, {args.steps} steps of batch {args.batch}: {total:.3g} FLOP")
    print(
        f"{args.gpus} GPUs at {args.utilisation:.0%} of {args.peak:g} TFLOP/s: "
        f"{seconds / 3600:.1f} hours, {each:.1f} s of one GPU a concept"
    )
    hours = seconds / 3600 * args.gpus
    print(f"{hours:.0f} hours of a GPU at {args.price:g} each: {hours * args.price:.0f}")


if __name__ == "__main__":
    main()
