"""DPM++ 2S a against its formula, written out on numbers where the best denoiser is known."""

import math

import pytest
import torch

from textual_inversion.generation.dpmpp_2s_ancestral import DPMPP2SAncestralScheduler

CONFIG = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
SPREAD = 0.7  # of the pictures, which are Gaussian: then the mean of the clean picture is known


def clean(noised, sigma):
    return noised * SPREAD**2 / (SPREAD**2 + sigma**2)


def scheduler(prediction="epsilon", num_steps=6):
    made = DPMPP2SAncestralScheduler({**CONFIG, "prediction_type": prediction})
    made.set_timesteps(num_steps)
    return made


def sigma_of(made, timestep):
    """Look a timestep's sigma up in the training schedule, between two of them in its logarithm."""
    alphas = made._grid.alphas_cumprod.double()
    logs = ((1 - alphas) / alphas).log() / 2
    low = int(timestep)
    share = timestep - low
    return math.exp(logs[low] + share * (logs[min(low + 1, 999)] - logs[low]))


def predicted(scaled, sigma, prediction):
    """Predict as a perfect UNet does, from latents scaled to the deviation that it knows."""
    noised = scaled * (sigma**2 + 1) ** 0.5
    noise = (noised - clean(noised, sigma)) / sigma
    if prediction == "epsilon":
        return noise
    return (noise - sigma * clean(noised, sigma)) / (sigma**2 + 1) ** 0.5


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_its_steps_are_those_of_the_formula(prediction):
    made = scheduler(prediction)
    latents = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0)) * 14
    expected = latents.double()
    draw = torch.Generator().manual_seed(1)
    for now, following in zip(
        made._grid.sigmas.double()[:-1], made._grid.sigmas.double()[1:], strict=True
    ):
        expected = by_formula(expected, float(now), float(following), draw)
    draw = torch.Generator().manual_seed(1)
    for timestep in made.timesteps:
        scaled = made.scale_model_input(latents, timestep)
        output = predicted(scaled, sigma_of(made, float(timestep)), prediction)
        (latents,) = made.step(output, timestep, latents, generator=draw)
    assert len(made.timesteps) == 11
    torch.testing.assert_close(latents.double(), expected, rtol=2e-3, atol=2e-3)


def by_formula(x, now, following, draw):
    """One step in k-diffusion's terms: t = -log sigma, half of it as the middle."""
    up = math.sqrt(following**2 * (now**2 - following**2) / now**2)
    down = math.sqrt(following**2 - up**2)
    if down == 0:
        return clean(x, now)
    begin, end = -math.log(now), -math.log(down)
    middle = math.exp(-(begin + (end - begin) / 2))
    half = -math.expm1(-(end - begin) / 2)
    inner = (middle / now) * x + half * clean(x, now)
    reached = (down / now) * x - math.expm1(-(end - begin)) * clean(inner, middle)
    return reached + up * torch.randn(x.shape, generator=draw, dtype=torch.float32).double()
