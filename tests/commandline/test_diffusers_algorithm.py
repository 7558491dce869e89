"""`ti diffusers` learns what diffusers' own algorithm learns from the same draws."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from commandline.compat import diffusers as compat
from commandline.main import main
from tests.commandline import reference
from tests.commandline.test_diffusers import raw
from textual_inversion.data.batches import Batches
from textual_inversion.randomness import generator

STEPS = 20
SEED = 3
WORD = "<cat-toy>"


@pytest.fixture
def photos(home):
    """Three pictures full of detail, of three sizes."""
    folder = home / "pictures"
    folder.mkdir()
    random = np.random.default_rng(1)
    for number, (width, height) in enumerate([(71, 90), (200, 101), (64, 64)]):
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


@pytest.fixture
def recorded(monkeypatch, photos):
    """Take the flip away, which every run has, and keep what each micro-batch was made of."""
    draws = {}
    mapped, make = compat.train_settings, Batches.batch

    def record(self, index):
        batch, size = make(self, index), self.settings.batch_size
        shape = batch.latents.shape[1:]
        noise = [
            torch.randn(shape, generator=generator(SEED, "latent", "random", position))
            for position in range(index * size, (index + 1) * size)
        ]
        pictures = [photos[item] for item in self.order.batch(index)]
        draws[index] = reference.Draws(
            pictures, torch.stack(noise), batch.noise, batch.timesteps, batch.prompts
        )
        return batch

    def unflipped(*args, **options):
        return mapped(*args, **options).model_copy(update={"flip": 0.0})

    monkeypatch.setattr(Batches, "batch", record)
    monkeypatch.setattr(compat, "train_settings", unflipped)
    return draws


CASES = {
    "one vector": ("sd1", {}, []),
    "three vectors, cosine with warm-up": (
        "sd1",
        {"tokens": (WORD, f"{WORD}_1", f"{WORD}_2"), "scheduler": "cosine", "warmup": 4},
        ["--num_vectors=3", "--lr_scheduler=cosine", "--lr_warmup_steps=4"],
    ),
    "strong decay, cropped": (
        "sd1",
        {"weight_decay": 1.0, "center_crop": True},
        ["--adam_weight_decay=1.0", "--center_crop"],
    ),
    "velocity": ("sd2", {}, []),
    "XL": ("sdxl", {}, []),
    "restarts": (
        "sd1",
        {"scheduler": "cosine_with_restarts", "cycles": 2},
        ["--lr_scheduler=cosine_with_restarts", "--lr_num_cycles=2", "--lr_warmup_steps=0"],
    ),
    "polynomial": (
        "sd1",
        {"scheduler": "polynomial", "warmup": 3},
        ["--lr_scheduler=polynomial", "--lr_warmup_steps=3"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(CASES))
def test_the_same_draws_give_the_same_vectors(home, stacks, recorded, case):
    kind, different, more = CASES[case]
    script = "diffusers-sdxl" if kind == "sdxl" else "diffusers"
    argv = [
        f"--pretrained_model_name_or_path={stacks[kind]}", "--train_data_dir=pictures",
        f"--placeholder_token={WORD}", "--initializer_token=cat", f"--resolution={reference.SIZE}",
        "--train_batch_size=2", f"--max_train_steps={STEPS}", f"--seed={SEED}",
        "--learning_rate=2e-3", "--scale_lr", "--output_dir=out",
    ]  # fmt: skip
    assert main([script, *argv, *more]) == 0
    flags = {"tokens": (WORD,), "initializer": "cat", "learning_rate": 4e-3, "steps": STEPS}
    wanted = train_reference(stacks[kind], reference.Flags(**flags | different), recorded)
    files = sorted((home / "out").glob("learned_embeds*.safetensors"))
    ours = [torch.atleast_2d(raw(path)[WORD]) for path in files]
    assert [tensor.shape for tensor in ours] == [tensor.shape for tensor in wanted]
    apart = max(float((a - b).abs().max()) for a, b in zip(ours, wanted, strict=True))
    assert apart < 1e-5


def train_reference(folder, flags, recorded):
    """Write the word as the script does: its tokens, with a space between each two."""
    batches = [recorded[index] for index in range(STEPS)]
    word = re.compile(re.escape(WORD) + "|" + re.escape(WORD.strip("<>")))
    spelled = [
        reference.Draws(
            one.pictures, one.latent_noise, one.noise, one.timesteps,
            [word.sub(" ".join(flags.tokens), prompt) for prompt in one.prompts],
        )
        for one in batches
    ]  # fmt: skip
    torch.manual_seed(SEED)
    return reference.train(folder, flags, spelled)
