"""Pictures a second: ours beside diffusers' StableDiffusionPipeline, in one process.

    python benchmarks/generate.py [--model models/pocket] [--batch 1] [--steps 10] [--rounds 7]
    python benchmarks/generate.py --model sd15-shape --batch 1 --steps 1 --rounds 3

Both draw with the same weights, sampler (Euler), prompt, seeds and precision, by turns: A B B A, so
that a machine that drifts drifts for both. Shown are the medians and the median ratio of neighbors.
"two passes" is ours with the halves of guidance one after the other instead of as one batch, and
"text again" ours with both texts encoded anew at every step instead of once a drawing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from shapes import write_sd15_shape

from textual_inversion.generation.guidance import Guidance
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.sampling import sample
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
from textual_inversion.models.text_encoders import Conditioning

PROMPT, NEGATIVE = "a photo of a cat", "blurry"


def ours(model: BaseModel, params: SamplingParams) -> None:
    """Draw as the Generate tab does, without writing files."""
    *_, state = sample(model, params, {})
    model.decode(state.latents)


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


def their_draw(pipe: Any, params: SamplingParams) -> None:
    """Draw with the pipeline."""
    pipe(
        params.prompt,
        negative_prompt=params.negative_prompt,
        num_inference_steps=params.steps,
        guidance_scale=params.cfg_scale,
        width=params.width,
        height=params.height,
        num_images_per_prompt=len(params.seeds),
        generator=[torch.Generator().manual_seed(seed) for seed in params.seeds],
    )


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


def text_seconds(model: BaseModel) -> float:
    """Time the encoding of both texts, the median of nine."""
    return statistics.median(
        timed(lambda: model.text.encode([NEGATIVE, PROMPT], {}))[0] for _ in range(9)
    )


def timed(draw: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds by the clock and of the processor, all threads counted."""
    clock, processor = time.perf_counter(), time.process_time()
    draw()
    return time.perf_counter() - clock, time.process_time() - processor


def main() -> None:
    """Draw by turns and print the table."""
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

    def draw_in_two() -> None:
        with two_passes(model):
            ours(model, params)

    def draw_again() -> None:
        with text_again():
            ours(model, params)

    contestants: dict[str, Callable[[], None]] = {
        "diffusers": lambda: their_draw(pipe, params),
        "ours": lambda: ours(model, params),
    }
    if args.variants:
        contestants |= {"two passes": draw_in_two, "text again": draw_again}
    report(args, model, measure(contestants, args.rounds))
    print(f"both texts are encoded in {1000 * text_seconds(model):.1f} ms, once a drawing")


def measure(
    contestants: dict[str, Callable[[], None]], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Let all draw once, then by turns, every second round in the opposite order."""
    names = list(contestants)
    for name in names:
        contestants[name]()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for index in range(rounds):
        for name in names if index % 2 == 0 else reversed(names):
            times[name].append(timed(contestants[name]))
    return times


def report(
    args: argparse.Namespace, model: BaseModel, times: dict[str, list[tuple[float, float]]]
) -> None:
    """Print medians, and ratios of the turns that stood side by side."""
    print(
        f"{model.info.name}, batch {args.batch}, {args.steps} steps, {model.dtype}, "
        f"{torch.get_num_threads()} threads, {args.rounds} rounds"
    )
    print(f"{'':12}{'pictures/s':>12}{'clock / diffusers':>20}{'processor / diffusers':>24}")
    for name, own in times.items():
        pairs = list(zip(own, times["diffusers"], strict=True))
        clock, processor = (
            statistics.median(mine[i] / other[i] for mine, other in pairs) for i in (0, 1)
        )
        speed = args.batch / statistics.median(seconds for seconds, _ in own)
        print(f"{name:12}{speed:12.3f}{clock:20.3f}{processor:24.3f}")


if __name__ == "__main__":
    torch.set_grad_enabled(mode=False)
    main()
