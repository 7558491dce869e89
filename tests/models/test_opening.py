"""One open model for everything: its weights are loaded once, and given back for another's."""

import gc
import weakref

import pytest
import torch
from safetensors.torch import save_file

from tests import tiny
from textual_inversion.errors import ModelError
from textual_inversion.generation.generate import generate
from textual_inversion.models import opening
from textual_inversion.models.loading import LoadOptions
from textual_inversion.models.opening import open_model
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings, TrainSettings
from textual_inversion.training.run import train


@pytest.fixture
def loads(monkeypatch):
    """Count how often weights are read, from nothing open."""
    opening.close_model()
    kept, load = [], opening.load_weights

    def counting(*args, **options):
        kept.append(args)
        return load(*args, **options)

    monkeypatch.setattr(opening, "load_weights", counting)
    return kept


@pytest.mark.slow
def test_training_and_generation_share_one_open_model(cat, loads):
    settings = TrainSettings(**cat, max_steps=1, precision="bf16", evaluate_every=0)
    list(train(settings, Control()))
    drawing = GenerateSettings(prompt="a cat-x", model=cat["model"], steps=1, output="drawn")
    list(generate(drawing, Control()))
    assert len(loads) == 1
    assert open_model(cat["model"]).dtype == torch.bfloat16


@pytest.mark.slow
def test_the_schedule_is_each_jobs_own_and_the_weights_are_shared(stacks, loads):
    plain = open_model(str(stacks["sd1"]))
    other = open_model(str(stacks["sd1"]), LoadOptions(prediction="v_prediction"))
    assert (plain.prediction, other.prediction) == ("epsilon", "v_prediction")
    assert (plain.unet, plain.text, plain.vae) == (other.unet, other.text, other.vae)
    assert open_model(str(stacks["sd1"])) is plain
    assert len(loads) == 1


@pytest.mark.slow
def test_another_precision_is_another_set_of_weights(stacks, loads):
    assert open_model(str(stacks["sd1"])).dtype == torch.float32
    assert open_model(str(stacks["sd1"]), LoadOptions("fp32")).dtype == torch.float32
    assert open_model(str(stacks["sd1"]), LoadOptions("bf16")).dtype == torch.bfloat16
    assert len(loads) == 2


@pytest.mark.slow
def test_the_memory_of_a_model_is_given_back_when_another_is_opened(cat, stacks):
    list(train(TrainSettings(**cat, max_steps=1), Control()))
    unet = weakref.ref(open_model(cat["model"]).unet)
    open_model(str(stacks["sd2"]))
    gc.collect()
    assert unet() is None


@pytest.mark.slow
def test_a_model_that_cannot_be_opened_leaves_none_open(stacks, loads, monkeypatch, tmp_path):
    open_model(str(stacks["sd1"]))
    with pytest.raises(ModelError):
        open_model(str(tiny.build(tmp_path / "x") / "unet"))
    assert opening.opened_name() == str(stacks["sd1"])


@pytest.fixture
def vae_file(home):
    torch.manual_seed(5)
    save_file(tiny.vae().state_dict(), home / "models" / "mine.safetensors")
    return "mine.safetensors"


@pytest.mark.slow
def test_a_separate_vae_replaces_the_models_own_and_shares_the_rest(stacks, vae_file, loads):
    own = open_model(str(stacks["sd1"]))
    other = open_model(str(stacks["sd1"]), vae=vae_file)
    assert other.unet is own.unet
    assert other.vae_hash != own.vae_hash
    assert other.vae.config.scaling_factor == own.vae.config.scaling_factor
    assert own.decode(torch.ones(1, 4, 8, 8)) != other.decode(torch.ones(1, 4, 8, 8))
    assert open_model(str(stacks["sd1"]), vae=vae_file) is other
    assert len(loads) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "model"])
def test_a_vae_may_be_a_folder_or_another_models_own(stacks, home, kind):
    tiny.vae().save_pretrained(home / "models" / "folder")
    name = {"folder": "folder", "model": str(tiny.build(home / "other", seed=7))}[kind]
    other = open_model(str(stacks["sd1"]), vae=name)
    assert other.vae_hash != open_model(str(stacks["sd1"])).vae_hash


@pytest.mark.slow
def test_a_vae_with_the_names_of_compvis_is_the_same(stacks, home):
    from tests.ldm import _original_vae, _vae

    vae = _vae("sd1")
    whole = {name: value.contiguous() for name, value in _original_vae(vae).items()}
    bare = {name.removeprefix("first_stage_model."): value for name, value in whole.items()}
    save_file(whole, home / "models" / "whole.safetensors")
    torch.save({"state_dict": bare}, home / "models" / "bare.pt")
    vae.save_pretrained(home / "models" / "folder")
    names = ("whole.safetensors", "bare.pt", "folder")
    opened = [open_model(str(stacks["sd1"]), vae=name) for name in names]
    assert len({model.vae_hash for model in opened}) == 1


def test_a_vae_of_another_kind_is_one_sentence(stacks, home):
    from diffusers import AutoencoderKL

    AutoencoderKL(latent_channels=16, block_out_channels=(8,), norm_num_groups=4).save_pretrained(
        home / "models" / "wide"
    )
    with pytest.raises(ModelError, match="latents of 16 channels, 1 pixels .* takes 4 channels"):
        open_model(str(stacks["sd1"]), vae="wide")
    save_file({"x": torch.zeros(1)}, home / "models" / "none.safetensors")
    with pytest.raises(ModelError, match="The file holds no VAE"):
        open_model(str(stacks["sd1"]), vae="none.safetensors")


@pytest.mark.slow
def test_a_run_trains_with_the_vae_that_its_settings_name(cat, vae_file):
    settings = TrainSettings(**cat, max_steps=1, vae=vae_file)
    list(train(settings, Control()))
    assert vae_file in {options.vae for options in opening._opened[0].models}
