"""DPM++ 2S a, which diffusers lacks, in the form of its schedulers.

DPM-Solver++(2S) (algorithm 1 of arXiv:2211.01095, with the middle at half of the step in log-sigma)
as far as sigma_down, then fresh noise of sigma_up, as in k-diffusion's `sample_dpmpp_2s_ancestral`.

B pictures, C H W latent.
"""

from __future__ import annotations

from typing import Any

import torch


class DPMPP2SAncestralScheduler:
    """Two calls of the UNet a step, but one in the last step, which has no noise to reach."""

    order = 2

    def __init__(self, config: Any) -> None:
        from diffusers import EulerAncestralDiscreteScheduler

        # Its steps are Euler a's.
        self._grid: Any = EulerAncestralDiscreteScheduler.from_config(config)
        self.timesteps = torch.empty(0)

    @property
    def init_noise_sigma(self) -> float:
        """The deviation of the first latents."""
        return float(self._grid.init_noise_sigma)

    def set_timesteps(self, num_steps: int, device: Any = None) -> None:
        """Lay out the sigmas of every call, and the timesteps that go with them."""
        self._grid.set_timesteps(num_steps)
        sigmas = self._grid.sigmas.double()  # (num_steps + 1,), falling to 0
        betas = 1 - self._grid.alphas_cumprod.double()
        known = (betas / (1 - betas)).log() / 2  # log sigma of each training timestep
        now, following = sigmas[:-1], sigmas[1:]
        up = (following**2 * (now**2 - following**2) / now**2).clamp(min=0).sqrt()
        self._up = up
        self._down = (following**2 - up**2).clamp(min=0).sqrt()
        self._now = now
        middle = (now[:-1] * self._down[:-1]).sqrt()
        # The calls: step, middle, step, middle, …, last step.
        calls = torch.stack([now[:-1], middle], dim=1).flatten()
        self._sigmas = torch.cat([calls, now[-1:]])
        between = [_interpolate(known, float(sigma.log())) for sigma in middle]
        exact = self._grid.timesteps.double().cpu()
        timesteps = torch.stack([exact[:-1], torch.tensor(between).double()], dim=1).flatten()
        self.timesteps = torch.cat([timesteps, exact[-1:]]).float().to(device)
        self._call = 0
        self._start = torch.empty(0)

    def set_begin_index(self, begin_index: int) -> None:
        """Begin at a call of the UNet instead of the first one."""
        self._call = begin_index

    def add_noise(
        self, original_samples: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
    ) -> torch.Tensor:
        """Make clean latents (B, C, H, W) as noisy as the next call wants them."""
        return original_samples + noise * float(self._sigmas[self._call])

    def scale_model_input(self, sample: torch.Tensor, timestep: Any) -> torch.Tensor:
        """Scale latents (B, C, H, W) to the deviation that the UNet was trained on."""
        return sample / float(self._sigmas[self._call] ** 2 + 1) ** 0.5

    def step(
        self,
        model_output: torch.Tensor,
        timestep: Any,
        sample: torch.Tensor,
        *,
        generator: list[torch.Generator] | torch.Generator | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """Go on by one call: to the middle of a step, or to its end."""
        index, is_middle = divmod(self._call, 2)
        clean = self._clean(model_output, sample)
        now, down, up = (float(part[index]) for part in (self._now, self._down, self._up))
        self._call += 1
        if down == 0:
            return (clean,)
        if not is_middle:
            self._start = sample
            ratio = (down / now) ** 0.5
            return (ratio * sample + (1 - ratio) * clean,)
        ratio = down / now
        reached = ratio * self._start + (1 - ratio) * clean
        return (reached + up * _noise(reached, generator),)

    def _clean(self, predicted: torch.Tensor, sample: torch.Tensor) -> torch.Tensor:
        """Estimate the latents without noise from what the UNet predicts."""
        sigma = float(self._sigmas[self._call])
        if self._grid.config.prediction_type == "v_prediction":
            scale = sigma**2 + 1
            return sample / scale - predicted * (sigma / scale**0.5)
        return sample - sigma * predicted


def _interpolate(known: torch.Tensor, log_sigma: float) -> float:
    """Find the timestep, with a fraction, whose log sigma is `log_sigma`; `known` rises."""
    above = int(torch.searchsorted(known, log_sigma).clamp(1, len(known) - 1))
    low, high = float(known[above - 1]), float(known[above])
    share = min(1.0, max(0.0, (log_sigma - low) / (high - low)))
    return above - 1 + share


def _noise(like: torch.Tensor, generator: Any) -> torch.Tensor:
    from diffusers.utils.torch_utils import randn_tensor

    return randn_tensor(like.shape, generator=generator, device=like.device, dtype=like.dtype)
