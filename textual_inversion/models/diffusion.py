"""The forward process of diffusion (arXiv:2006.11239): noised latents, and what is predicted."""

from __future__ import annotations

import torch


def add_noise(latents: torch.Tensor, noise: torch.Tensor, alphas: torch.Tensor) -> torch.Tensor:
    """Mix latents (B, C, H, W) with noise at cumulative alphas (B,): eq. 4 of arXiv:2006.11239."""
    signal, rest = _coefficients(alphas)
    return signal * latents + rest * noise


def target(
    prediction: str, latents: torch.Tensor, noise: torch.Tensor, alphas: torch.Tensor
) -> torch.Tensor:
    """Give what the UNet should say: the noise, or the velocity of sec. 2.4, arXiv:2202.00512."""
    if prediction == "epsilon":
        return noise
    if prediction == "v_prediction":
        signal, rest = _coefficients(alphas)
        return signal * noise - rest * latents
    raise ValueError(f'A UNet that predicts "{prediction}" cannot be trained on.')


def _coefficients(alphas: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Shape sqrt(a) and sqrt(1 - a) to (B, 1, 1, 1)."""
    shaped = alphas.view(-1, 1, 1, 1)
    return shaped.sqrt(), (1 - shaped).sqrt()
