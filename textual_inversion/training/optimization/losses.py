"""The diffusion loss, as plain functions of tensors.

B batch, C H W latent. Notation of DDPM, arXiv:2006.11239: x_t = sqrt(a) x_0 + sqrt(1 - a) noise,
where a is the cumulative product of alphas at timestep t.
"""

from __future__ import annotations

import torch


def squared(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Square the error of each number, in fp32: (B, C, H, W)."""
    return (predicted.float() - target.float()).pow(2)


def pseudo_huber(predicted: torch.Tensor, target: torch.Tensor, *, delta: float) -> torch.Tensor:
    """Square small errors and take large ones straight: the pseudo-Huber loss of arXiv:2403.16728.

    It is scaled to equal the squared error where errors are far below `delta`.
    """
    error = predicted.float() - target.float()
    return 2 * delta * ((error.pow(2) + delta**2).sqrt() - delta)


def mean(
    errors: torch.Tensor, alphas: torch.Tensor, *, min_snr_gamma: float, prediction: str
) -> torch.Tensor:
    """Average errors (B, C, H, W), their timesteps weighted by min-SNR unless gamma is 0."""
    if min_snr_gamma == 0:
        return errors.mean()
    weights = min_snr_weights(alphas, gamma=min_snr_gamma, prediction=prediction)
    return (errors.flatten(1).mean(1) * weights).mean()


def min_snr_weights(alphas: torch.Tensor, *, gamma: float, prediction: str) -> torch.Tensor:
    """Weigh timesteps (B,) by their capped signal-to-noise ratio: sec. 3.4 of arXiv:2303.09556."""
    snr = alphas / (1 - alphas)
    if prediction == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    return (gamma / snr).clamp(max=1)  # an SNR of zero weighs 1, too
