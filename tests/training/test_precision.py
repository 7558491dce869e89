"""Half precision in training: the same learning, but for rounding."""

import dataclasses

import pytest
import torch

from tests.cats import losses, make_cat, run
from tests.training.test_learner import make
from textual_inversion.data.batches import StepBatch
from textual_inversion.errors import TrainingError
from textual_inversion.events import Started, Warned


def faint(batch):
    """Make a batch whose gradients are too small for half precision."""
    micro = batch.micro_batches[0]
    weights = torch.full((len(micro.prompts), 1, *micro.latents.shape[-2:]), 1e-6)
    return StepBatch((dataclasses.replace(micro, weights=weights),))


def gradient(stacks, dtype):
    learner, batches = make(stacks, "sd1", dtype=dtype)
    learner.step(faint(next(batches.start_at(0))))
    return learner.parameters[0].grad


@pytest.mark.slow
def test_faint_gradients_survive_fp16(stacks):
    exact, half = gradient(stacks, torch.float32), gradient(stacks, torch.float16)
    assert half.dtype == torch.float32
    assert (half - exact).norm() < 0.05 * exact.norm()


@pytest.mark.slow
def test_a_model_that_overflows_in_fp16_says_so(stacks):
    learner, batches = make(stacks, "sd1", dtype=torch.float16)
    learner.model.unet.conv_out.weight.data.fill_(6e4)
    batch = next(batches.start_at(0))
    learner.step(batch)
    learner.scaler.update(1.5e-3)
    with pytest.raises(TrainingError, match="overflow in fp16.* --precision bf16 or fp32"):
        learner.step(batch)
    assert learner.is_finite


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_what_full_precision_does(home, cat, precision):
    exact = losses(run(cat))
    make_cat(cat["model"])
    events = run(cat, precision=precision)
    assert losses(events) == pytest.approx(exact, rel=0.02)
    assert [e.compute for e in events if isinstance(e, Started)] == [f"{precision} on the CPU"]
    assert any(isinstance(e, Warned) for e in events) == (precision == "fp16")


@pytest.mark.slow
def test_the_loss_scale_goes_on_after_a_resume(stacks):
    learner, batches = make(stacks, "sd1", dtype=torch.float16)
    learner.step(next(batches.start_at(0)))
    again, _ = make(stacks, "sd1", dtype=torch.float16)
    again.load_state(learner.state())
    assert again.scaler.state_dict() == learner.scaler.state_dict()
    assert again.scaler.state_dict()["_growth_tracker"] == 1
