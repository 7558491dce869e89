import pytest
import torch

from textual_inversion.devices.precision import describe_compute, dtype_for

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(("able", "wanted"), [(True, torch.bfloat16), (False, torch.float16)])
def test_auto_goes_by_the_gpu(monkeypatch, able, wanted):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: able)
    assert dtype_for("auto", GPU, size=512) == wanted


@pytest.mark.parametrize(
    ("size", "able", "wanted"),
    [(512, True, torch.bfloat16), (512, False, torch.float32), (128, True, torch.float32)],
)
def test_auto_on_a_cpu_goes_by_its_instructions_and_the_model(monkeypatch, size, able, wanted):
    told = {"avx512_bf16": able}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    assert dtype_for("auto", CPU, size=size) == wanted


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_what_is_asked_for_is_given_and_named(precision):
    assert describe_compute(dtype_for(precision, CPU, size=512), CPU) == f"{precision} on the CPU"
