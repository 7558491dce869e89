"""Pictures a second: ours beside diffusers' StableDiffusionPipeline, in one process.

    python benchmarks/generate.py [--model models/pocket] [--batch 1] [--steps 10] [--rounds 7]
    python benchmarks/generate.py --model sd15-shape --batch 1 --steps 1 --rounds 3

Both draw with the same weights, sampler (Euler), prompt, seeds and precision, by turns: A B B A, so
that a machine that drifts drifts for both. Shown are the medians and the median ratio of neighbors.
"two passes" is ours with the halves of guidance one after the other instead of as one batch, and
"text again" ours with both texts encoded anew at every step instead of once a drawing. "ours,
files" does all that the Generate tab does, with live previews and PNG files with infotext; it is
compared with "diffusers, files", whose pictures are saved as PNG files.
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

from textual_inversion.generation.generate import draw
from textual_inversion.generation.guidance import Guidance
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.pictures import write_pictures
from textual_inversion.generation.previews.live import LivePreviews
from textual_inversion.generation.sampling import sample
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
from textual_inversion.models.text_encoders import Conditioning

PROMPT, NEGATIVE = "a photo of a cat", "blurry"
_REFERENCE = {"ours, files": "diffusers, files"}


def ours(model: BaseModel, params: SamplingParams) -> None:
    """Draw as the Generate tab does, without writing files."""
    *_, state = sample(model, params, {})
    model.decode(state.latents)


def our_files(model: BaseModel, params: SamplingParams, folder: Path) -> None:
    """Draw all that the Generate tab does."""
    live, latents = LivePreviews(model, enabled=True), None
    for state in draw(model, params, {}):
        live.draw(state)
        latents = state.latents
    assert latents is not None
    for _ in write_pictures(model, params, {}, latents, folder):
        pass


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
    drawn = pipe(
        params.prompt,
        negative_prompt=params.negative_prompt,
        num_inference_steps=params.steps,
        guidance_scale=params.cfg_scale,
        width=params.width,
        height=params.height,
        num_images_per_prompt=len(params.seeds),
        generator=[torch.Generator().manual_seed(seed) for seed in params.seeds],
    )
    return drawn.images


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


def text_seconds(model: BaseModel) -> float:
    """Time the encoding of both texts, the median of nine."""
    return statistics.median(
        timed(lambda: model.text.encode([NEGATIVE, PROMPT], {}))[0] for _ in range(9)
    )


def timed(draw: Callable[[], Any]) -> tuple[float, float]:
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

    contestants: dict[str, Callable[[], Any]] = {
        "diffusers": lambda: their_draw(pipe, params),
        "ours": lambda: ours(model, params),
    }
    if args.variants:
        contestants |= {"two passes": draw_in_two, "text again": draw_again}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contestants |= {
            "ours, files": lambda: our_files(model, params, folder),
            "diffusers, files": lambda: their_files(pipe, params, folder),
        }
        report(args, model, measure(contestants, args.rounds))
    print(f"both texts are encoded in {1000 * text_seconds(model):.1f} ms, once a drawing")


def measure(
    contestants: dict[str, Callable[[], Any]], rounds: int
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
    print(
        f"{'':18}{'pictures/s':>10}{'clock':>11}{'quartiles':>16}{'processor':>11}{'quartiles':>16}"
    )
    for name, own in times.items():
        pairs = list(zip(own, times[_REFERENCE.get(name, "diffusers")], strict=True))
        cells = ""
        for place in (0, 1):
            low, middle, high = statistics.quantiles([a[place] / b[place] for a, b in pairs], n=4)
            cells += f"{middle:11.3f}" + f"{low:.3f} to {high:.3f}".rjust(16)
        speed = args.batch / statistics.median(seconds for seconds, _ in own)
        print(f"{name:18}{speed:10.3f}{cells}")


if __name__ == "__main__":
    torch.set_grad_enabled(mode=False)
    main()
