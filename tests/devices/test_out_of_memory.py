import pytest
import torch

from textual_inversion.devices.out_of_memory import advice, explain_out_of_memory
from textual_inversion.errors import TrainingError
from textual_inversion.settings import TrainSettings

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def chosen(**changes):
    return TrainSettings.build({"embedding": "x", "dataset_dir": "pictures"}, changes)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_one_sentence(error):
    message = "Out of memory; .* the vectors learned so far are kept"
    with pytest.raises(TrainingError, match=message), explain_out_of_memory(chosen(), GPU):
        raise error


def test_the_cpus_own_complaint_is_known():
    with pytest.raises(TrainingError, match="Out of memory"), explain_out_of_memory(chosen(), CPU):
        torch.empty(1 << 60, dtype=torch.uint8)


def test_another_error_is_left_alone():
    with pytest.raises(RuntimeError, match="shapes"), explain_out_of_memory(chosen(), GPU):
        raise RuntimeError("shapes do not match")


def test_only_what_is_left_to_change_is_advised_cheapest_first():
    assert "--vae-offload, then --pictures-at-once 1, then --gradient-ch" in advice(chosen(), GPU)
    frugal = advice(chosen(preset="low-vram"), GPU)
    assert "in this order: a smaller width and height (" in frugal
    assert "--vae-offload" not in advice(chosen(), CPU)
