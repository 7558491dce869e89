from importlib.util import find_spec

import pytest
import torch
from PIL import Image

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
from textual_inversion.models.memory import memory_savings


@pytest.fixture(scope="module")
def model(stacks):
    return load_model(describe_model(str(stacks["sd1"])))


def gradient(model):
    vectors = torch.full((2, 32), 0.1, requires_grad=True)
    told = model.text.encode(["a photo of zyx"], {"zyx": (vectors,)})
    latents = torch.ones(1, 4, 8, 8)
    model.predict(latents, torch.tensor([10]), told).pow(2).sum().backward()
    return vectors.grad


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"checkpointing": True}, {"attention": "sliced"}])
def test_saving_memory_changes_no_gradient(model, how):
    plain = gradient(model)
    with memory_savings(model, **how):
        assert torch.allclose(gradient(model), plain, rtol=1e-4, atol=1e-7)


def test_activations_are_computed_twice_within_and_once_after(model):
    calls = []
    block = model.unet.up_blocks[0].resnets[0]
    block.register_forward_pre_hook(lambda *_: calls.append(1))
    with memory_savings(model, checkpointing=True):
        gradient(model)
    within = len(calls)
    gradient(model)
    assert (within, len(calls) - within) == (2, 1)


def test_a_job_leaves_on_what_another_one_switched_on(model):
    with memory_savings(model, checkpointing=True):
        with memory_savings(model, checkpointing=True):
            pass
        assert model.unet.is_gradient_checkpointing
    assert not model.unet.is_gradient_checkpointing


@pytest.mark.skipif(find_spec("xformers") is not None, reason="xformers is installed")
def test_xformers_is_named_where_it_is_missing(model):
    with pytest.raises(ModelError, match="xformers is not installed; .* --attention sdpa"):
        memory_savings(model, attention="xformers").__enter__()


def test_a_resting_autoencoder_comes_only_to_work(model, monkeypatch):
    went = []
    monkeypatch.setattr(model.vae, "to", lambda where: went.append(str(where)))
    device = str(model.device)
    with memory_savings(model, vae_offloaded=True):
        model.encode_pictures([Image.new("RGB", (64, 64))])
        model.decode(torch.zeros(1, 4, 8, 8))
    assert went == ["cpu", device, "cpu", device, "cpu", device]


@pytest.mark.gpu
def test_a_resting_autoencoder_leaves_the_gpu(model):
    before = torch.cuda.memory_allocated()
    with memory_savings(model, vae_offloaded=True):
        assert torch.cuda.memory_allocated() < before
    assert model.vae.device == model.device
