"""Write the trained states as one plain diffusers folder, in half precision."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from data import DEFAULT_CACHE
from diffusers import StableDiffusionPipeline
from latents import levelled_vae
from learner import Learner
from model import sampling_schedule
from tokenizer import write
from training import load_state
from transformers import CLIPTokenizer

MODEL = Path(__file__).parents[2] / "models" / "pocket"
PARTS = ("model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae")


def trained_pipeline(cache: Path) -> StableDiffusionPipeline:
    """Assemble a pipeline from the averaged weights of the states in `cache`, in float32."""
    tokenizer = CLIPTokenizer.from_pretrained(cache / "tokenizer")
    learner = Learner(len(tokenizer))
    state = load_state(cache / "unet_state.pt")
    learner.load_state_dict(state["average"])
    learner.eval()
    return StableDiffusionPipeline(
        vae=levelled_vae(cache),
        text_encoder=learner.text,
        tokenizer=tokenizer,
        unet=learner.unet,
        scheduler=sampling_schedule(state["target"]),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(cache: Path, folder: Path) -> None:
    """Write the model beside `folder`, then put its parts in place, each whole."""
    pipe = trained_pipeline(cache)
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    pipe.to(dtype=torch.float16).save_pretrained(new)
    write(pipe.tokenizer, new / "tokenizer")
    _ask_for_full_precision(new / "text_encoder" / "config.json")
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        _replace(new / part, folder / part)
    shutil.rmtree(new)
    _keep_lengths(cache, folder / "figures.json")


def _keep_lengths(cache: Path, path: Path) -> None:
    """Keep how long each part was trained, for the card and for a training that goes on."""
    figures = json.loads(path.read_text()) if path.exists() else {}
    training = figures.setdefault("training", {})
    for part, name in (
        ("vae", "vae_state.pt"),
        ("text", "text_state.pt"),
        ("unet", "unet_state.pt"),
    ):
        state = load_state(cache / name)
        if state is None:  # a model's text encoder is taught once
            continue
        kept = ("step", "steps", "samples", "seconds", "target")
        training[part] = {key: state[key] for key in kept if key in state}
    path.write_text(json.dumps(figures, indent=1) + "\n")


def _ask_for_full_precision(config: Path) -> None:
    """Make the text encoder load in float32 like the other parts unless a dtype is given.

    transformers opens a model in the type its config names; diffusers always in float32.
    """
    settings = json.loads(config.read_text())
    settings["dtype"] = "float32"
    config.write_text(json.dumps(settings, indent=2) + "\n")


def _replace(new: Path, target: Path) -> None:
    old = target.with_name(target.name + ".old")
    if target.is_dir():
        target.replace(old)
    new.replace(target)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--out", type=Path, default=MODEL)
    args = parser.parse_args()
    export(args.cache, args.out)
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
