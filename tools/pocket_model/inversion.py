"""Textual inversion in its plainest form: what the model card's figure is measured with.

It shows that the model can be taught; the project's trainer is elsewhere and does far more.

Legend: B batch, T token positions, D width, V vectors.
"""

from __future__ import annotations

import random
import time

import torch
from bench import Bench
from data import STYLES, Item, caption
from diffusers import DDPMScheduler, StableDiffusionPipeline
from learner import POSITION_VECTORS, spread_steps, step_weights
from model import training_schedule
from rendering import decode, render, sheet
from tokenizer import POSITIONS
from torch.func import functional_call

PLACEHOLDER = "*"
NUM_LEARNING_STEPS = 300
TOKEN_VECTORS = POSITION_VECTORS.replace("position", "token")
# Held-out concept -> the word one would start from. Chosen before any of it was tried.
INVERTED = {
    "unicorn": "horse",
    "dolphin": "whale",
    "kangaroo": "deer",
    "rabbit": "mouse",
    "mammoth": "elephant",
    "waffle": "cookie",
    "grapes": "blueberries",
    "tomato": "apple",
    "telescope": "trumpet",
    "microscope": "camera",
}


class Concept:
    """V learned vectors that stand where the prompt says `*`."""

    def __init__(self, pipe: StableDiffusionPipeline, word: str, *, num_vectors: int = 4) -> None:
        self.pipe = pipe
        self.table = pipe.text_encoder.get_input_embeddings().weight.detach()
        ids = pipe.tokenizer(word, add_special_tokens=False).input_ids
        start = self.table[torch.tensor([ids[i % len(ids)] for i in range(num_vectors)])]
        self.vectors = start.clone().requires_grad_()  # (V, D)
        self.ours = range(len(self.table), len(self.table) + num_vectors)

    def embed(self, prompts: list[str]) -> torch.Tensor:
        """Encode prompts with the vectors in place of `*`: (B, T, D)."""
        tokens = torch.tensor([self._tokens(prompt) for prompt in prompts])
        table = torch.cat([self.table, self.vectors])
        name = f"{TOKEN_VECTORS}.weight"
        return functional_call(
            self.pipe.text_encoder, {name: table}, (tokens.to(table.device),)
        ).last_hidden_state

    def _tokens(self, prompt: str) -> list[int]:
        # Cut before tokenising: CLIP's tokenizer takes "*," for one word.
        tokenizer, parts = self.pipe.tokenizer, prompt.split(PLACEHOLDER)
        spliced = [tokenizer.bos_token_id]
        for index, part in enumerate(parts):
            spliced += self.ours if index else ()
            spliced += tokenizer(part, add_special_tokens=False).input_ids
        end = tokenizer.eos_token_id
        return [*spliced[: POSITIONS - 1], *[end] * (POSITIONS - len(spliced[: POSITIONS - 1]))]


def learn(
    concept: Concept,
    latents: torch.Tensor,
    items: list[Item],
    *,
    num_steps: int = NUM_LEARNING_STEPS,
    batch: int = 4,
    learning_rate: float = 5e-3,
    seed: int = 0,
) -> list[float]:
    """Fit the vectors to pictures over white: scaled latents (N, 4, 16, 16); give the losses.

    The noise levels weigh as they did when the model was made; the rate falls to nothing evenly.
    """
    draw, choose = torch.Generator().manual_seed(seed), random.Random(seed)
    schedule = training_schedule()
    optimizer = torch.optim.AdamW([concept.vectors], lr=learning_rate, weight_decay=0.0)
    alphas, losses = schedule.alphas_cumprod, []
    for step in range(num_steps):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - step / num_steps)
        rows = [choose.randrange(len(items)) for _ in range(batch)]
        captions = [_caption(items[row], choose) for row in rows]
        steps = spread_steps(batch, draw)
        noise = torch.randn(batch, *latents.shape[1:], generator=draw)
        noised = schedule.add_noise(latents[rows], noise, steps)
        noised = noised.contiguous(memory_format=torch.channels_last)
        prediction = concept.pipe.unet(noised, steps, concept.embed(captions)).sample
        target = _target(concept.pipe, schedule, latents[rows], noise, steps)
        weights = step_weights(alphas[steps] / (1 - alphas[steps]))
        loss = ((prediction - target).pow(2).mean((1, 2, 3)) * weights).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def _target(
    pipe: StableDiffusionPipeline,
    schedule: DDPMScheduler,
    latents: torch.Tensor,
    noise: torch.Tensor,
    steps: torch.Tensor,
) -> torch.Tensor:
    """Return the UNet's training target: the noise or the velocity."""
    if pipe.scheduler.config.prediction_type == "v_prediction":
        return schedule.get_velocity(latents, noise, steps)
    return noise


def _caption(item: Item, choose: random.Random) -> str:
    """Caption a picture by what shall not be learned: its style and its background."""
    unnamed = Item(item.index, PLACEHOLDER, item.style, item.group, ())
    words = caption(unnamed, "white", choose, say_style=1.0)
    return words if "white" in words else f"{words}, on a white background"


def measure_inversion(bench: Bench) -> dict[str, object]:
    """Teach ten held-out concepts from all styles but one; are pictures nearer to that one then?"""
    rows, words, results = [], [], {}
    for index, (concept, word) in enumerate(INVERTED.items()):
        style = STYLES[index % len(STYLES)]  # not seen while learning, and then asked for
        begun = time.perf_counter()
        learned, train_items, goal = _invert(bench, concept, word, style)
        seconds = time.perf_counter() - begun
        latents, distances = _compare(bench, learned, word, goal)
        results[concept] = {"style": style, "word": word, "seconds": seconds, **distances}
        shown = [*bench.white(train_items), bench.white([goal])[0], None]
        rows.append([*shown, *decode(bench.pipe, latents)])
        words.append(
            f"{concept}: four training pictures | the held-out {style} one | '{word}' | learned | "
            f"learned, blue ({distances['before']:.2f} -> {distances['after']:.2f})"
        )
        print(f"{concept}: {results[concept]}", flush=True)
    sheet(rows, words, bench.out / "inversion.webp")
    nearer = sum(result["after"] < result["before"] for result in results.values())
    slowest = max(result["seconds"] for result in results.values())
    return {"nearer": nearer, "of": len(results), "slowest_seconds": slowest, "concepts": results}


def _invert(bench: Bench, concept: str, word: str, style: str) -> tuple[Concept, list[Item], Item]:
    ours = [item for item in bench.items if item.concept == concept]
    (goal,) = [item for item in ours if item.style == style]
    train_items = [item for item in ours if item.style != style]
    learned = Concept(bench.pipe, word)
    learn(learned, bench.latents(train_items), train_items)
    return learned, train_items, goal


@torch.no_grad()
def _compare(
    bench: Bench, learned: Concept, word: str, goal: Item
) -> tuple[torch.Tensor, dict[str, float]]:
    """Render init word and learned vectors from eight equal noises; mean distances to `goal`."""
    prompt, count = f"a photo of a {{}}, {goal.style} style, on a white background", 8
    before = render(bench.pipe, [prompt.format(word)] * count, seed=3)
    after = render(bench.pipe, learned.embed([prompt.format("*")] * count), seed=3)
    blue = render(bench.pipe, learned.embed(["a photo of a *, on a blue background"] * 2), seed=3)
    target = bench.latents([goal])
    distances = [
        float((made - target).pow(2).mean((1, 2, 3)).sqrt().mean()) for made in (before, after)
    ]
    shown = torch.cat([before[:2], after[:2], blue])
    return shown, {"before": distances[0], "after": distances[1]}
