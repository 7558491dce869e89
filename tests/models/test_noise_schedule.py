import pytest
import torch

from tests import tiny
from textual_inversion.errors import ModelError
from textual_inversion.generation.samplers import _SCHEDULERS, make_scheduler
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.diffusion import target
from textual_inversion.models.loading import LoadOptions, load_model
from textual_inversion.models.noise_schedule import alphas_cumprod, open_schedule
from textual_inversion.training.optimization.losses import min_snr_weights

CONFIG = dict(tiny.schedule("v_prediction").config)


@pytest.mark.slow
def test_the_models_own_word_stands_unless_told_otherwise(stacks):
    def opened(kind, **wish):
        model = load_model(describe_model(str(stacks[kind])), LoadOptions(**wish))
        return model.prediction, float(model.alphas_cumprod[-1]) == 0

    assert opened("sd2") == ("v_prediction", False)
    assert opened("sd2", zero_terminal_snr="on") == ("v_prediction", True)
    assert opened("sd2", prediction="epsilon") == ("epsilon", False)
    assert opened("sd1", prediction="v_prediction") == ("v_prediction", False)


def test_a_model_that_asks_for_zero_snr_gets_it_and_can_be_told_not_to():
    asking = {**CONFIG, "rescale_betas_zero_snr": True}
    assert alphas_cumprod(open_schedule(asking).config)[-1] == 0
    assert alphas_cumprod(open_schedule(asking, zero_terminal_snr="off").config)[-1] > 0


def test_rescaling_keeps_the_first_timestep():
    plain = alphas_cumprod(open_schedule(CONFIG).config)
    rescaled = alphas_cumprod(open_schedule(CONFIG, zero_terminal_snr="on").config)
    assert torch.allclose(rescaled[0], plain[0], atol=1e-6)
    assert (rescaled[1:] < plain[1:]).all()


@pytest.mark.slow
@pytest.mark.parametrize("sampler", list(_SCHEDULERS))
def test_every_sampler_starts_where_there_is_only_noise(sampler):
    config = open_schedule(CONFIG, zero_terminal_snr="on").config
    scheduler = make_scheduler(sampler, config)
    scheduler.set_timesteps(4)
    assert round(float(scheduler.timesteps[0])) == 999
    assert float(scheduler.alphas_cumprod[-1]) <= 1e-7
    latents = torch.ones(1, 4, 2, 2) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        told = scheduler.scale_model_input(latents, timestep)
        latents = scheduler.step(torch.zeros_like(told), timestep, latents).prev_sample
    assert torch.isfinite(latents).all()


def test_where_there_is_only_noise_the_velocity_is_the_picture():
    latents, noise = torch.full((1, 4, 2, 2), 0.5), torch.ones(1, 4, 2, 2)
    assert torch.equal(target("v_prediction", latents, noise, torch.zeros(1)), -latents)
    for prediction in ("epsilon", "v_prediction"):
        weights = min_snr_weights(torch.zeros(1), gamma=5, prediction=prediction)
        assert torch.isfinite(weights).all()


@pytest.mark.slow
def test_zero_snr_for_a_model_of_noise_is_one_sentence(stacks):
    with pytest.raises(ModelError, match="Zero terminal SNR needs a UNet that predicts the vel"):
        load_model(describe_model(str(stacks["sd1"])), LoadOptions(zero_terminal_snr="on"))
