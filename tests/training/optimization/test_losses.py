import pytest
import torch

from textual_inversion.models import diffusion
from textual_inversion.training.optimization import losses

ALPHAS = torch.tensor([0.9, 0.5, 0.1])


def some(seed):
    return torch.randn(3, 4, 2, 2, generator=torch.Generator().manual_seed(seed))


def test_noising_and_targets_are_diffusers_own():
    from diffusers import DDPMScheduler

    schedule = DDPMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)
    steps = torch.tensor([0, 500, 999])
    alphas = schedule.alphas_cumprod[steps]
    noised = diffusion.add_noise(some(0), some(1), alphas)
    assert torch.allclose(noised, schedule.add_noise(some(0), some(1), steps), atol=1e-6)
    velocity = diffusion.target("v_prediction", some(0), some(1), alphas)
    assert torch.allclose(velocity, schedule.get_velocity(some(0), some(1), steps), atol=1e-6)


def test_the_target_of_a_noise_model_is_the_noise():
    assert torch.equal(diffusion.target("epsilon", some(0), some(1), ALPHAS), some(1))


def test_an_unknown_prediction_is_refused():
    with pytest.raises(ValueError, match="sample"):
        diffusion.target("sample", some(0), some(1), ALPHAS)


def test_min_snr_weights_by_hand():
    # The ratios of signal to noise are 9, 1 and a ninth.
    noise = losses.min_snr_weights(ALPHAS, gamma=5, prediction="epsilon")
    assert noise.tolist() == pytest.approx([5 / 9, 1, 1])
    velocity = losses.min_snr_weights(ALPHAS, gamma=5, prediction="v_prediction")
    assert velocity.tolist() == pytest.approx([5 / 10, 1 / 2, (1 / 9) / (10 / 9)])


def test_huber_is_square_for_small_and_straight_for_large_errors():
    small, large = torch.tensor([1e-3]), torch.tensor([100.0])
    zero = torch.zeros(1)
    assert losses.pseudo_huber(small, zero, delta=0.1).item() == pytest.approx(1e-6, rel=1e-2)
    assert losses.pseudo_huber(large, zero, delta=0.1).item() == pytest.approx(20, rel=1e-2)
