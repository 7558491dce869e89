"""Measure the exported pocket model, draw its contact sheets and write MODEL_CARD.md.

python evaluate.py                          # everything, some 15 minutes on two cores
python evaluate.py --only fidelity samples  # these parts; the other figures are kept
python evaluate.py --only                   # nothing but the card, from the figures kept
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import card
import torch
from bench import Bench
from data import (
    CPU_GROUPS,
    DEFAULT_CACHE,
    GROUPS,
    STYLES,
    load,
)
from export import MODEL
from fidelity import measure_backgrounds, measure_fidelity
from inversion import Concept, learn, measure_inversion
from latents import taught_latents, unseen_concepts
from rendering import GUIDANCE, NUM_STEPS, decode, open_model, render, sheet
from train_vae import psnr, validation_pictures

SHOWN = ("lion", "tiger face", "red apple", "hamburger", "penguin", "guitar", "tulip", "butterfly")


def measure_vae(bench: Bench) -> dict[str, float]:
    """Score the autoencoder on pictures of held-out concepts, and show some beside the real."""
    check = validation_pictures(bench.pictures, bench.items, bench.groups).to(bench.pipe.device)
    pictures = check[::5][:10]
    with torch.no_grad():
        latents = bench.pipe.vae.encode(pictures).latent_dist.mode()
    decoded = decode(bench.pipe, latents.cpu() * bench.pipe.vae.config.scaling_factor)
    real = ((pictures.cpu().permute(0, 2, 3, 1) + 1) * 127.5).round().byte().numpy()
    words = ("held-out pictures", "through the autoencoder")
    sheet([list(real), list(decoded)], words, bench.out / "vae.webp")
    return {"psnr_db": psnr(bench.pipe.vae, check), "pictures": len(check)}


def measure_timings(bench: Bench) -> dict[str, float]:
    """Time one picture and one training step of an embedding, after a warm-up."""
    pipe = bench.pipe
    pipe("a lion", num_inference_steps=2)
    begun = time.perf_counter()
    pipe("a photo of a lion", num_inference_steps=NUM_STEPS, guidance_scale=GUIDANCE)
    picture = time.perf_counter() - begun
    item = bench.taught.items[0]
    latents, learned = bench.latents([item]), Concept(pipe, "animal")
    learn(learned, latents, [item], num_steps=3)
    begun = time.perf_counter()
    learn(learned, latents, [item], num_steps=20)
    step = (time.perf_counter() - begun) / 20
    return {"picture_seconds": picture, "step_seconds": step, "threads": torch.get_num_threads()}


def draw_samples(bench: Bench) -> dict[str, float]:
    """Draw the card's contact sheet: known concepts in every style, then over colours."""
    colours = ("white", "blue", "yellow", "red", "black")
    in_styles = [f"a photo of a {label}, {style} style" for label in SHOWN for style in STYLES]
    on_colours = [
        f"a photo of a {label}, {colour} background" for label in SHOWN for colour in colours
    ]
    pictures = list(decode(bench.pipe, render(bench.pipe, [*in_styles, *on_colours], seed=4)))
    half = len(in_styles)
    rows = [
        pictures[5 * i : 5 * i + 5] + pictures[half + 5 * i : half + 5 * i + 5]
        for i in range(len(SHOWN))
    ]
    words = [f"{label}: {', '.join(STYLES)} | on {', '.join(colours)}" for label in SHOWN]
    sheet(rows, words, bench.out / "samples.webp")
    return {"concepts": len(SHOWN)}


PARTS: dict[str, Callable[[Bench], dict]] = {
    "samples": draw_samples,
    "vae": measure_vae,
    "timings": measure_timings,
    "fidelity": measure_fidelity,
    "backgrounds": measure_backgrounds,
    "inversion": measure_inversion,
}


def _keep(path: Path, name: str, result: dict) -> None:
    """Add one part's figures to those kept; other parts may be measured at the same time."""
    figures = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**figures, name: result}, indent=1) + "\n")
    print(f"{name}: {result}", flush=True)


def main() -> None:
    """Measure what `--only` names, or everything, and write the card."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--everything", action="store_true", help="the model knows all concepts")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    pictures, items = load(args.cache)
    bench = Bench(
        pipe=open_model(args.model, args.device),
        pictures=pictures,
        items=items,
        taught=taught_latents(args.cache, everything=args.everything, device=args.device),
        unseen=unseen_concepts(items, everything=args.everything),
        groups=tuple(GROUPS.values()) if args.everything else CPU_GROUPS,
        out=args.model,
    )
    path = args.model / "figures.json"
    for name in args.only:
        begun = time.perf_counter()
        _keep(path, name, PARTS[name](bench))
        print(f"{name} took {time.perf_counter() - begun:.0f} s", flush=True)
    figures = json.loads(path.read_text())
    card.write(args.model / "MODEL_CARD.md", figures, bench.taught.items, bench.unseen)


if __name__ == "__main__":
    main()
