"""UNet and text encoder as they learn together: noised latents and tokens in, loss out.

Legend: B batch, T token positions, D width.
"""

from __future__ import annotations

import math

import torch
from model import make_text_encoder, make_unet, training_schedule
from tokenizer import POSITIONS
from torch import nn
from transformers import CLIPTokenizer

SHORT_POSITIONS = 24  # nearly all captions fit; the rest is padding, weighed in by `padding_mask`
TOKEN_STD = 0.06
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
        self._quieten_text()

    @torch.no_grad()
    def _quieten_text(self) -> None:
        """Let the text say nothing at first.

        Where it starts with random words, the fastest way to a lower loss is to silence the text
        encoder for good, and a high learning rate takes it.
        """
        for name, part in self.unet.named_modules():
            if name.endswith("attn2"):
                nn.init.zeros_(part.to_out[0].weight)
        nn.init.normal_(self.text.get_input_embeddings().weight, std=TOKEN_STD)

    def forward(
        self,
        tokens: torch.Tensor,
        latents: torch.Tensor,
        noise: torch.Tensor,
        steps: torch.Tensor,
        *,
        weigh_padding: bool = False,
    ) -> torch.Tensor:
        """Give each sample's squared error of the predicted noise: (B,)."""
        alpha = self.alphas[steps][:, None, None, None]
        noised = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
        with torch.autocast(latents.device.type, torch.bfloat16):
            text = self.text(input_ids=tokens).last_hidden_state  # (B, T, D)
            mask = self.mask.expand(len(tokens), -1) if weigh_padding else None
            noised = noised.contiguous(memory_format=torch.channels_last)
            made = self.unet(noised, steps, text, encoder_attention_mask=mask).sample
        return (made.float() - noise).pow(2).mean((1, 2, 3))

    @torch.no_grad()
    def fill_positions(self) -> None:
        """Give the positions that short training leaves out what the last one has learned."""
        vectors = self.text.get_submodule(POSITION_VECTORS).weight
        vectors[SHORT_POSITIONS:] = vectors[SHORT_POSITIONS - 1]

    def loss(self, errors: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Weigh the samples' errors by their noise and average them."""
        alpha = self.alphas[steps]
        return (errors * step_weights(alpha / (1 - alpha))).mean()


def step_weights(snr: torch.Tensor, *, gamma: float = 5.0) -> torch.Tensor:
    """Weigh a squared noise error: min-SNR (sec. 3.4 of arXiv:2303.09556), noisy steps lifted.

    At high noise, where it is decided what the picture shows and where, an error of the picture
    counts next to nothing in the noise; the root makes it two to four times that.
    """
    return snr.clamp(max=gamma) / snr * (1 + 1 / (snr + 0.05)).sqrt()


def padding_mask(num_positions: int) -> torch.Tensor:
    """Let the last of `num_positions` columns stand for all the padding cut away: (1, T).

    The UNet turns a mask m into the attention bias (m - 1) * 10,000; the bias wanted is the
    logarithm of the number of columns that the last one stands for.
    """
    mask = torch.ones(1, num_positions)
    mask[0, -1] += math.log(POSITIONS - num_positions + 1) / 10_000
    return mask


def spread_steps(batch: int, draw: torch.Generator) -> torch.Tensor:
    """Draw one timestep from each of `batch` equal parts of the schedule, in random order: (B,)."""
    places = torch.randperm(batch, generator=draw) + torch.rand(batch, generator=draw)
    return (places * 1000 / batch).long().clamp(max=999)


def tokenise(tokenizer: CLIPTokenizer, captions: list[str], positions: int) -> torch.Tensor:
    """Cut or pad captions to `positions` tokens: (B, T)."""
    return tokenizer(
        captions, padding="max_length", max_length=positions, truncation=True, return_tensors="pt"
    ).input_ids
