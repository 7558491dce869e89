"""The forward process of diffusion (arXiv:2006.11239): noised latents, and what is predicted."""

from __future__ import annotations

import torch


def add_noise(latents: torch.Tensor, noise: torch.Tensor, alphas: torch.Tensor) -> torch.Tensor:
    """Mix latents (B, C, H, W) with noise at cumulative alphas (B,): eq. 4 of arXiv:2006.11239."""
    signal_scale, noise_scale = _coefficients(alphas)
    return signal_scale * latents + noise_scale * noise


def target(
    prediction: str, latents: torch.Tensor, noise: torch.Tensor, alphas: torch.Tensor
) -> torch.Tensor:
    """Return the UNet's training target (B, C, H, W).

    It is the noise, or the velocity of sec. 2.4 of arXiv:2202.00512.
    """
    if prediction == "epsilon":
        return noise
    if prediction == "v_prediction":
        signal_scale, noise_scale = _coefficients(alphas)
        return signal_scale * noise - noise_scale * latents
    raise ValueError(
        f'Prediction type "{prediction}" is not supported; use epsilon or v_prediction.'
    )


def _coefficients(alphas: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return sqrt(a) and sqrt(1 - a), (B, 1, 1, 1) each."""
    shaped = alphas.view(-1, 1, 1, 1)
    return shaped.sqrt(), (1 - shaped).sqrt()
