import pytest
import torch

from textual_inversion.devices import gradient_check
from textual_inversion.devices.gradient_check import check_device, gradient_error, largest_rounding
from textual_inversion.errors import TrainingError

CPU = torch.device("cpu")


class Reversed(torch.autograd.Function):
    """Passes numbers on and turns their gradients round, as a faulty device might."""

    @staticmethod
    def forward(context, numbers):
        return numbers.clone()

    @staticmethod
    def backward(context, gradient):
        return -gradient


def test_the_same_device_has_the_same_gradients():
    assert gradient_error(CPU, torch.float32) == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounding_but_not_exact(dtype):
    assert 0 < gradient_error(CPU, dtype) < largest_rounding(dtype)


def test_wrong_gradients_are_found():
    def wrap(block):
        return lambda latents, vectors: block(latents, Reversed.apply(vectors))

    assert gradient_error(CPU, torch.float32, wrap=wrap) == pytest.approx(2)


def test_a_device_that_computes_nothing_is_refused_in_one_sentence():
    with pytest.raises(TrainingError, match=r"^Gradients on META cannot be computed \(.*=1\.$"):
        check_device(torch.device("meta"), torch.float32)


def test_a_wrong_device_is_refused_and_the_cpu_trusted(monkeypatch):
    monkeypatch.setattr(gradient_check, "gradient_error", lambda *_: 0.5)
    check_device(CPU, torch.float32)
    with pytest.raises(TrainingError, match="Gradients on MPS are wrong by 50%"):
        check_device(torch.device("mps"), torch.float32)
