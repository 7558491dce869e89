"""The other loop: a training step in the manner of diffusers' example script.

Written anew from its description: the autoencoder encodes the pictures at every step, the token
table grows by the new word, AdamW works on the whole table, all other rows are put back after each
step, and the loss is read each time. The rate is that of its README: 5e-4, scaled by a batch of 4.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

NAME = "<bench-word>"
LINES = ("a photo of {}", "a rendering of {}", "a close-up photo of {}", "a good photo of {}")
RATE = 5e-4 * 4


class ScriptLoop:
    """The example script's step on a diffusers folder; the new word starts as `word`."""

    def __init__(
        self,
        folder: Path,
        pictures: list[Image.Image],
        *,
        batch: int,
        word: str,
        dtype: torch.dtype = torch.float32,
        rate: float = RATE,
        seed: int = 0,
    ) -> None:
        from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
        from transformers import CLIPTextModel, CLIPTokenizer

        self.batch, self.pictures, self.dtype = batch, pictures, dtype
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        # The script keeps the text encoder in fp32, since it is what learns.
        self.text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=dtype)
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=dtype)
        self.noise = DDPMScheduler.from_pretrained(folder / "scheduler")
        for module in (self.text, self.vae, self.unet):
            module.requires_grad_(requires_grad=False)
        self.table = self._grow(word)
        self.original = self.table.detach().clone()
        self.optimizer = torch.optim.AdamW([self.table], lr=rate, weight_decay=1e-2)
        self.position = 0
        torch.manual_seed(seed)

    @property
    def vector(self) -> torch.Tensor:
        """The learned row (D,)."""
        return self.table.detach()[-1]

    def step(self) -> float:
        """Take one step."""
        pixels = torch.stack([self._read() for _ in range(self.batch)]).to(self.dtype)
        latents = self.vae.encode(pixels).latent_dist.sample() * self.vae.config.scaling_factor
        noise = torch.randn_like(latents)
        steps = torch.randint(0, self.noise.config.num_train_timesteps, (self.batch,)).long()
        lines = [LINES[(self.position + i) % len(LINES)].format(NAME) for i in range(self.batch)]
        ids = self.tokenizer(
            lines, padding="max_length", truncation=True, max_length=77, return_tensors="pt"
        ).input_ids
        hidden = self.text(ids)[0].to(self.dtype)
        noisy = self.noise.add_noise(latents, noise, steps)
        prediction = self.unet(noisy, steps, hidden).sample
        loss = F.mse_loss(prediction.float(), self._target(latents, noise, steps).float())
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            keep = torch.ones(len(self.table), dtype=torch.bool)
            keep[-1] = False
            self.table[keep] = self.original[keep]
        return loss.item()

    def checkpoint_bytes(self) -> int:
        """Size what the script's checkpoint holds: the text encoder and the optimizer."""
        return stored_bytes(
            {"text": self.text.state_dict(), "optimizer": self.optimizer.state_dict()}
        )

    def _grow(self, word: str) -> torch.nn.Parameter:
        self.tokenizer.add_tokens(NAME)
        self.text.resize_token_embeddings(len(self.tokenizer))
        table = self.text.get_input_embeddings().weight
        with torch.no_grad():
            table[-1] = table[self.tokenizer(word, add_special_tokens=False).input_ids[0]]
        return table.requires_grad_()

    def _target(
        self, latents: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor
    ) -> torch.Tensor:
        if self.noise.config.prediction_type == "v_prediction":
            return self.noise.get_velocity(latents, noise, steps)
        return noise

    def _read(self) -> torch.Tensor:
        picture = self.pictures[self.position % len(self.pictures)]
        self.position += 1
        size = self.unet.config.sample_size * 2 ** (len(self.vae.config.block_out_channels) - 1)
        resized = picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
        array = np.asarray(resized, dtype=np.float32) / 127.5 - 1
        return torch.from_numpy(array).permute(2, 0, 1)


def stored_bytes(state: object) -> int:
    """Return the size of a state on disk, in bytes."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.tell()
