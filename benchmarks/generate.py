"""Pictures a second: ours beside diffusers' StableDiffusionPipeline, in one process.

    python benchmarks/generate.py [--model models/pocket] [--batch 1] [--steps 10] [--rounds 7]
    python benchmarks/generate.py --model sd15-shape --batch 1 --steps 1 --rounds 3 --no-variants

Both draw with the same weights, sampler (Euler), prompt, seeds and precision, by turns: A B B A, so
that a machine that drifts drifts for both. The first table has the medians and the quartiles of the
ratios of turns that stood side by side, the second where the processor's time goes: the UNet, the
decoder are the same modules for both, so the text encoder and what is around all modules is what
one program can do better or worse. "two passes" is ours with the halves of guidance one after the
other instead of as one batch, and "text again" ours with both texts encoded anew at every step
instead of once a drawing. "ours, files" does all that the Generate tab does, with live previews and
PNG files with infotext; it is compared with "diffusers, files", whose pictures are saved as PNGs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from shapes import write_sd15_shape
from spent import PARTS, Spent, Turn

from textual_inversion.generation.generate import draw
from textual_inversion.generation.guidance import Guidance
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.pictures import decode_pictures, write_pictures
from textual_inversion.generation.previews.live import LivePreviews
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
from textual_inversion.models.text_encoders import Conditioning

PROMPT, NEGATIVE = "a photo of a cat", "blurry"
_REFERENCE = {"ours, files": "diffusers, files"}
Contestants = dict[str, Callable[[], Any]]


def drawn(model: BaseModel, params: SamplingParams, *, live_previews: bool) -> torch.Tensor:
    """Sample as the Generate tab does, and return the latents."""
    live, latents = LivePreviews(model, enabled=live_previews), None
    for state in draw(model, params, {}):
        live.draw(state)
        latents = state.latents
    assert latents is not None
    return latents


def ours(model: BaseModel, params: SamplingParams) -> None:
    """Draw, without previews and files."""
    list(decode_pictures(model, params, drawn(model, params, live_previews=False)))


def our_files(model: BaseModel, params: SamplingParams, folder: Path) -> None:
    """Draw all that the Generate tab does."""
    list(write_pictures(model, params, {}, drawn(model, params, live_previews=True), folder))


def theirs(model: BaseModel) -> Any:
    """Make diffusers' pipeline of the same UNet and autoencoder."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
    from transformers import CLIPTextModel

    # Its own, since ours looks words up in another way.
    text = CLIPTextModel.from_pretrained(model.info.folder / "text_encoder", dtype=model.dtype)
    pipe = StableDiffusionPipeline(
        vae=model.vae,
        text_encoder=text.eval(),
        tokenizer=model.text.encoders[0].tokenizer,
        unet=model.unet,
        scheduler=EulerDiscreteScheduler.from_config(model.scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def their_draw(pipe: Any, params: SamplingParams) -> Any:
    """Draw with the pipeline; the pictures come back."""
    return pipe(
        params.prompt,
        negative_prompt=params.negative_prompt,
        num_inference_steps=params.steps,
        guidance_scale=params.cfg_scale,
        width=params.width,
        height=params.height,
        num_images_per_prompt=len(params.seeds),
        generator=[torch.Generator().manual_seed(seed) for seed in params.seeds],
    ).images


def their_files(pipe: Any, params: SamplingParams, folder: Path) -> None:
    """Draw with the pipeline and save."""
    for index, picture in enumerate(their_draw(pipe, params)):
        picture.save(folder / f"{index}.png")


@contextmanager
def two_passes(model: BaseModel) -> Any:
    """Make the UNet see the halves of guidance one after the other."""
    whole = model.predict

    def predict(latents: torch.Tensor, timesteps: Any, given: Conditioning) -> torch.Tensor:
        half = len(latents) // 2
        rows = torch.arange(len(latents))
        parts = (rows[:half], rows[half:])
        return torch.cat([whole(latents[part], timesteps, given[part]) for part in parts])

    model.predict = predict  # type: ignore[method-assign]
    try:
        yield
    finally:
        del model.predict


@contextmanager
def text_again() -> Any:
    """Forget encoded texts before every call of the UNet, so that nothing is cached."""
    cached = Guidance._conditioning

    def forgetful(self: Guidance, call: int) -> Conditioning:
        self._encoded.clear()
        return cached(self, call)

    Guidance._conditioning = forgetful  # type: ignore[method-assign]
    try:
        yield
    finally:
        Guidance._conditioning = cached  # type: ignore[method-assign]


def variants(model: BaseModel, params: SamplingParams) -> Contestants:
    """List ours without what is meant to save time."""

    def draw_in_two() -> None:
        with two_passes(model):
            ours(model, params)

    def draw_again() -> None:
        with text_again():
            ours(model, params)

    return {"two passes": draw_in_two, "text again": draw_again}


def main() -> None:
    """Draw by turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="models/pocket")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size", type=int, default=0, help="Pixels; 0 is the model's own.")
    parser.add_argument("--variants", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.model == "sd15-shape":
        args.model = str(write_sd15_shape(Path(tempfile.gettempdir()) / "sd15-shape"))
    model = load_model(describe_model(args.model))
    size = args.size or model.info.size
    seeds = tuple(range(args.batch))
    params = SamplingParams(PROMPT, NEGATIVE, "Euler", args.steps, 4.0, size, size, seeds)
    pipe = theirs(model)
    contestants: Contestants = {
        "diffusers": lambda: their_draw(pipe, params),
        "ours": lambda: ours(model, params),
    }
    if args.variants:
        contestants |= variants(model, params)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contestants |= {
            "ours, files": lambda: our_files(model, params, folder),
            "diffusers, files": lambda: their_files(pipe, params, folder),
        }
        turns = measure(contestants, args.rounds, Spent.of(model, pipe))
    print(
        f"{model.info.name}, {size} px, batch {args.batch}, {args.steps} steps, {model.dtype}, "
        f"{torch.get_num_threads()} threads, {args.rounds} rounds"
    )
    print_ratios(turns, args.batch)
    print_parts(turns)


def measure(contestants: Contestants, rounds: int, spent: Spent) -> dict[str, list[Turn]]:
    """Let all draw once, then by turns, every second round in the opposite order."""
    names = list(contestants)
    for name in names:
        contestants[name]()
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    for index in range(rounds):
        for name in names if index % 2 == 0 else reversed(names):
            turns[name].append(spent.turn(contestants[name]))
    return turns


def print_ratios(turns: dict[str, list[Turn]], batch: int) -> None:
    """Print pictures a second, and ratios of the turns that stood side by side."""
    print(
        f"{'':18}{'pictures/s':>10}{'clock':>11}{'quartiles':>16}{'processor':>11}{'quartiles':>16}"
    )
    for name, own in turns.items():
        pairs = list(zip(own, turns[_REFERENCE.get(name, "diffusers")], strict=True))
        cells = ""
        for what in ("clock", "processor"):
            ratios = [getattr(a, what) / getattr(b, what) for a, b in pairs]
            low, middle, high = statistics.quantiles(ratios, n=4)
            cells += f"{middle:11.3f}" + f"{low:.3f} to {high:.3f}".rjust(16)
        speed = batch / statistics.median(turn.clock for turn in own)
        print(f"{name:18}{speed:10.3f}{cells}")


def print_parts(turns: dict[str, list[Turn]]) -> None:
    """Print the milliseconds of the processor in each part.

    "more" is what the program itself takes more than its reference, as a share of all that takes.
    """
    print(f"{'processor, ms':18}" + "".join(f"{part:>12}" for part in (*PARTS, "around", "more")))
    for name, own in turns.items():
        cells = [statistics.median(turn.parts[part] for turn in own) for part in PARTS]
        pairs = zip(own, turns[_REFERENCE.get(name, "diffusers")], strict=True)
        more = statistics.median((a.own - b.own) / b.processor for a, b in pairs)
        around = statistics.median(turn.around for turn in own)
        print(
            f"{name:18}"
            + "".join(f"{1000 * cell:12.1f}" for cell in (*cells, around))
            + f"{more:12.2%}"
        )


if __name__ == "__main__":
    torch.set_grad_enabled(mode=False)
    main()
