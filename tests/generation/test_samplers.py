import torch

from tests import tiny
from textual_inversion.generation.samplers import draw_noise_on_cpu, make_scheduler


def noise_of(*seeds, device="cpu"):
    scheduler = make_scheduler("DPM++ SDE", tiny.schedule("epsilon").config)
    scheduler.set_timesteps(4)
    draw_noise_on_cpu(scheduler, torch.zeros(len(seeds), 4, 2, 2, device=device), seeds)
    return scheduler.noise_sampler(scheduler.sigmas[0], scheduler.sigmas[2])


def test_brownian_noise_comes_from_the_cpu_to_whatever_device_the_latents_are_on():
    there = noise_of(3, device="meta")
    assert (there.device.type, there.shape) == ("meta", (1, 4, 2, 2))


def test_each_picture_has_the_brownian_noise_of_its_seed():
    both = noise_of(3, 4)
    assert both[0].equal(noise_of(3)[0])
    assert both[1].equal(noise_of(4)[0])
    assert not both[0].equal(both[1])


def test_other_schedulers_draw_from_the_generators_that_they_are_given():
    scheduler = make_scheduler("Euler a", tiny.schedule("epsilon").config)
    draw_noise_on_cpu(scheduler, torch.zeros(1, 4, 2, 2), (3,))
    assert not hasattr(scheduler, "noise_sampler")
