"""UNet and text encoder as they learn together: noised latents and tokens in, loss out.

Legend: B batch, T token positions, D width.
"""

from __future__ import annotations

import math

import torch
from model import SIGNAL_STD, make_text_encoder, make_unet, training_schedule
from tokenizer import POSITIONS
from torch import nn
from transformers import CLIPTokenizer

SHORT_POSITIONS = 24  # nearly all captions fit; the rest is padding, weighed in by `padding_mask`
TOKEN_STD = 0.2
SHARPNESS = 1.5  # of attention to the text, at first
POSITION_VECTORS = "embeddings.position_embedding"


class Learner(nn.Module):
    """UNet and text encoder as one module: captions' tokens and noised latents in, loss out."""

    def __init__(self, num_entries: int) -> None:
        super().__init__()
        self.unet = make_unet()
        self.text = make_text_encoder(num_entries)
        schedule = training_schedule()
        self.register_buffer("alphas", schedule.alphas_cumprod, persistent=False)
        self.register_buffer("mask", padding_mask(SHORT_POSITIONS), persistent=False)
        self._ready_text()

    @torch.no_grad()
    def _ready_text(self) -> None:
        """Initialize the text: no effect on the UNet at first, and distant token embeddings."""
        for name, part in self.unet.named_modules():
            if name.endswith("attn2"):
                nn.init.zeros_(part.to_out[0].weight)
                part.to_q.weight *= SHARPNESS
                part.to_k.weight *= SHARPNESS
        for name, part in self.text.named_modules():
            if name.endswith(("out_proj", "fc2")):
                nn.init.zeros_(part.weight)
        nn.init.normal_(self.text.get_input_embeddings().weight, std=TOKEN_STD)

    def forward(
        self,
        tokens: torch.Tensor,
        latents: torch.Tensor,
        noise: torch.Tensor,
        steps: torch.Tensor,
        *,
        weigh_padding: bool = False,
        velocity: bool = False,
    ) -> torch.Tensor:
        """Return each sample's squared error of the predicted noise or velocity: (B,)."""
        alpha = self.alphas[steps][:, None, None, None]
        noised = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
        with torch.autocast(latents.device.type, torch.bfloat16):
            text = self.text(input_ids=tokens).last_hidden_state  # (B, T, D)
            mask = self.mask.expand(len(tokens), -1) if weigh_padding else None
            noised = noised.contiguous(memory_format=torch.channels_last)
            prediction = self.unet(noised, steps, text, encoder_attention_mask=mask).sample
        target = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents if velocity else noise
        return (prediction.float() - target).pow(2).mean((1, 2, 3))

    @torch.no_grad()
    def fill_positions(self) -> None:
        """Copy the last trained position to those that short training omits."""
        vectors = self.text.get_submodule(POSITION_VECTORS).weight
        vectors[SHORT_POSITIONS:] = vectors[SHORT_POSITIONS - 1]

    def loss(self, errors: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Weigh the samples' errors by their noise and average them."""
        alpha = self.alphas[steps]
        snr = SIGNAL_STD**2 * alpha / (1 - alpha)
        return (errors * step_weights(snr)).mean()


def step_weights(snr: torch.Tensor) -> torch.Tensor:
    """Weigh a squared noise error so that all noise levels have their say; about 1 on average.

    The first term counts errors of the picture itself where the text decides what is shown; its
    cap keeps the noisiest steps, where a noise error says little of the picture, from drowning
    the rest. The second, min-SNR weights (sec. 3.4 of arXiv:2303.09556), minds the fine steps.
    """
    return (1 / (snr + 0.1) + 0.5 * snr.clamp(max=5.0) / snr) / 5


def padding_mask(num_positions: int) -> torch.Tensor:
    """Return a mask whose last of `num_positions` columns replaces all cut padding: (1, T).

    The UNet turns a mask m into the attention bias (m - 1) * 10,000; the bias wanted is the
    logarithm of the number of columns that the last one stands for.
    """
    mask = torch.ones(1, num_positions)
    mask[0, -1] += math.log(POSITIONS - num_positions + 1) / 10_000
    return mask


def spread_steps(batch: int, draw: torch.Generator) -> torch.Tensor:
    """Draw one timestep from each of `batch` equal parts of the schedule, in random order: (B,)."""
    positions = torch.randperm(batch, generator=draw) + torch.rand(batch, generator=draw)
    return (positions * 1000 / batch).long().clamp(max=999)


def tokenise(tokenizer: CLIPTokenizer, captions: list[str], positions: int) -> torch.Tensor:
    """Cut or pad captions to `positions` tokens: (B, T)."""
    return tokenizer(
        captions, padding="max_length", max_length=positions, truncation=True, return_tensors="pt"
    ).input_ids
