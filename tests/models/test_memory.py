import pytest
import torch

from textual_inversion.models.find import describe_model
from textual_inversion.models.load import load_model
from textual_inversion.models.memory import saving_memory


@pytest.fixture(scope="module")
def model(stacks):
    return load_model(describe_model(str(stacks["sd1"])))


def gradient(model):
    vectors = torch.full((2, 32), 0.1, requires_grad=True)
    told = model.text.encode(["a photo of zyx"], {"zyx": (vectors,)})
    latents = torch.ones(1, 4, 8, 8)
    model.predict(latents, torch.tensor([10]), told).pow(2).sum().backward()
    return vectors.grad


@pytest.mark.parametrize(("checkpointing", "sliced"), [(True, False), (False, True)])
def test_saving_memory_changes_no_gradient(model, checkpointing, sliced):
    plain = gradient(model)
    with saving_memory(model, checkpointing=checkpointing, sliced=sliced):
        assert torch.allclose(gradient(model), plain, rtol=1e-4, atol=1e-7)


def test_activations_are_computed_twice_within_and_once_after(model):
    calls = []
    block = model.unet.up_blocks[0].resnets[0]
    block.register_forward_pre_hook(lambda *_: calls.append(1))
    with saving_memory(model, checkpointing=True, sliced=False):
        gradient(model)
    within = len(calls)
    gradient(model)
    assert (within, len(calls) - within) == (2, 1)
