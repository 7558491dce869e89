"""The diffusion loss, as plain functions of tensors.

B batch, C H W latent. Notation of DDPM, arXiv:2006.11239: x_t = sqrt(a) x_0 + sqrt(1 - a) noise,
where a is the cumulative product of alphas at timestep t.
"""

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


def mean_squared(predicted: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Average the squared error over the batch, in fp32."""
    return (predicted.float() - wanted.float()).pow(2).mean()


def _coefficients(alphas: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Shape sqrt(a) and sqrt(1 - a) to (B, 1, 1, 1)."""
    shaped = alphas.view(-1, 1, 1, 1)
    return shaped.sqrt(), (1 - shaped).sqrt()
