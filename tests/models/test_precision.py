import pytest
import torch

from textual_inversion.models.precision import describe_compute, dtype_for

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_auto_goes_by_the_hardware(monkeypatch):
    assert dtype_for("auto", CPU) == torch.float32
    for able, wanted in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda able=able, **_: able)
        assert dtype_for("auto", GPU) == wanted


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_what_is_asked_for_is_given_and_named(precision):
    assert describe_compute(dtype_for(precision, CPU), CPU) == f"{precision} on the CPU"
