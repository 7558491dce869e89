"""The algorithm of diffusers' textual inversion scripts, restated for tests from its description.

Whole token tables are trained by AdamW and every other row is put back after each update. Which
pictures, prompts, noise and timesteps a step has is handed in, so that two programs can draw alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from diffusers.optimization import get_scheduler
from PIL import Image
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

SIZE = 64


@dataclass(frozen=True)
class Draws:
    """A micro-batch: pictures, what samples their latents, and what the model sees."""

    pictures: Sequence[Path]
    latent_noise: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    prompts: Sequence[str]


@dataclass(frozen=True)
class Flags:
    """The flags of the script that the algorithm reads."""

    tokens: Sequence[str]
    initializer: str
    learning_rate: float
    steps: int
    scheduler: str = "constant"
    warmup: int = 0
    cycles: int = 1
    weight_decay: float = 1e-2
    center_crop: bool = False


class Encoder:
    """One tokenizer and text encoder with the new tokens; only its token table is trained."""

    def __init__(self, folder: Path, ending: str, flags: Flags) -> None:
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / f"tokenizer{ending}")
        kind = CLIPTextModelWithProjection if ending else CLIPTextModel
        self.model = kind.from_pretrained(folder / f"text_encoder{ending}").requires_grad_(False)
        (start,) = self.tokenizer.encode(flags.initializer, add_special_tokens=False)
        assert self.tokenizer.add_tokens(list(flags.tokens)) == len(flags.tokens)
        self.ids = self.tokenizer.convert_tokens_to_ids(list(flags.tokens))
        self.model.resize_token_embeddings(len(self.tokenizer), mean_resizing=False)
        self.table = self.model.get_input_embeddings().weight
        with torch.no_grad():
            self.table[self.ids] = self.table[start].clone()
        self.table.requires_grad_(True)
        self.before = self.table.detach().clone()

    def encode(self, prompts: Sequence[str]):
        ids = self.tokenizer(
            list(prompts), padding="max_length", truncation=True, max_length=77, return_tensors="pt"
        ).input_ids
        return self.model(ids, output_hidden_states=True)

    @torch.no_grad()
    def put_back(self) -> None:
        """Undo what the update did to every row but the learned ones."""
        others = torch.ones(len(self.table), dtype=torch.bool)
        others[self.ids] = False
        self.table[others] = self.before[others]

    @property
    def learned(self) -> torch.Tensor:
        return self.table[self.ids].detach().clone()


def train(folder: Path, flags: Flags, batches: Sequence[Draws]) -> list[torch.Tensor]:
    """Train as the script does; return the learned rows of each text encoder."""
    is_xl = (folder / "text_encoder_2").is_dir()
    encoders = [Encoder(folder, ending, flags) for ending in (("", "_2") if is_xl else ("",))]
    vae = AutoencoderKL.from_pretrained(folder / "vae").requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet").requires_grad_(False)
    schedule = DDPMScheduler.from_pretrained(folder / "scheduler")
    optimizer = torch.optim.AdamW(
        [encoder.table for encoder in encoders],
        lr=flags.learning_rate, betas=(0.9, 0.999), weight_decay=flags.weight_decay, eps=1e-8,
    )  # fmt: skip
    rates = get_scheduler(
        flags.scheduler, optimizer=optimizer, num_warmup_steps=flags.warmup,
        num_training_steps=flags.steps, num_cycles=flags.cycles,
    )  # fmt: skip
    for batch in batches:
        latents = _latents(vae, batch, flags)
        noisy = schedule.add_noise(latents, batch.noise, batch.timesteps)
        given = _xl_conditions(encoders, batch) if is_xl else _conditions(encoders[0], batch)
        predicted = unet(noisy, batch.timesteps, **given).sample
        target = batch.noise
        if schedule.config.prediction_type == "v_prediction":
            target = schedule.get_velocity(latents, batch.noise, batch.timesteps)
        torch.nn.functional.mse_loss(predicted.float(), target.float()).backward()
        optimizer.step()
        rates.step()
        optimizer.zero_grad()
        for encoder in encoders:
            encoder.put_back()
    return [encoder.learned for encoder in encoders]


def _conditions(encoder: Encoder, batch: Draws):
    return {"encoder_hidden_states": encoder.encode(batch.prompts)[0]}


def _xl_conditions(encoders: Sequence[Encoder], batch: Draws):
    """Join the second-last hidden layers; add the second's pooled output and six sizes."""
    outputs = [encoder.encode(batch.prompts) for encoder in encoders]
    hidden = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
    sizes = torch.tensor([[SIZE, SIZE, 0, 0, SIZE, SIZE]] * len(batch.prompts))
    added = {"text_embeds": outputs[1][0], "time_ids": sizes}
    return {"encoder_hidden_states": hidden, "added_cond_kwargs": added}


def _latents(vae: AutoencoderKL, batch: Draws, flags: Flags) -> torch.Tensor:
    pixels = torch.stack([_pixels(path, flags) for path in batch.pictures])
    distribution = vae.encode(pixels).latent_dist
    drawn = distribution.mean + distribution.std * batch.latent_noise
    return drawn * vae.config.scaling_factor


def _pixels(path: Path, flags: Flags) -> torch.Tensor:
    """Squash to a square, or cut the middle square first; numbers from -1 to 1, (3, H, W)."""
    picture = Image.open(path).convert("RGB")
    if flags.center_crop:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    resized = picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    scaled = (np.asarray(resized).astype(np.uint8) / 127.5 - 1.0).astype(np.float32)
    return torch.from_numpy(scaled).permute(2, 0, 1)
