import hashlib
import shutil
from types import SimpleNamespace

import pytest
import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import describe_model, find_model, list_models, native_size
from textual_inversion.models.loading import load_model
from textual_inversion.models.opening import open_model


@pytest.mark.parametrize(
    ("kind", "family", "widths"),
    [("sd1", "sd", (32,)), ("sd2", "sd", (48,)), ("sdxl", "sdxl", (32, 40))],
)
def test_a_folder_tells_what_it_is(stacks, kind, family, widths):
    info = describe_model(str(stacks[kind]))
    assert (info.family.name, info.widths, info.size, info.vae_scale_factor) == (
        family,
        widths,
        64,
        8,
    )


@pytest.mark.slow
def test_everything_is_frozen(stacks):
    model = load_model(describe_model(str(stacks["sdxl"])))
    modules = (model.unet, model.vae, *(encoder.model for encoder in model.text.encoders))
    assert not any(p.requires_grad for module in modules for p in module.parameters())
    assert not any(module.training for module in modules)


@pytest.mark.slow
def test_a_velocity_model_is_known_by_its_schedule(stacks):
    predictions = [load_model(describe_model(str(stacks[k]))).prediction for k in ("sd1", "sd2")]
    assert predictions == ["epsilon", "v_prediction"]


@pytest.mark.slow
def test_the_same_model_is_opened_once(stacks):
    first = open_model(str(stacks["sd1"]))
    assert open_model(str(stacks["sd1"])) is first
    assert open_model(str(stacks["sd2"])) is not first


@pytest.mark.slow
def test_half_precision_files_alone_are_enough(stacks, tmp_path):
    folder = shutil.copytree(stacks["sd1"], tmp_path / "half")
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_suffix(".fp16.safetensors"))
    assert load_model(describe_model(str(folder))).unet.dtype == torch.float32


def test_models_are_listed_and_found_by_name(stacks, home):
    shutil.copytree(stacks["sd1"], home / "models" / "mine")
    assert "models/mine" in list_models()
    assert find_model("mine") == find_model("models/mine") == home / "models" / "mine"
    assert native_size("mine") == 64


def test_a_missing_model_names_what_there_is(home):
    with pytest.raises(ModelError, match='no base model "nowhere"; .* or one of:'):
        find_model("nowhere")


@pytest.mark.parametrize("name", ["owner/" + "long-" * 20, "owner/two--dashes", "owner/two..dots"])
def test_a_name_that_the_hub_does_not_allow_is_one_sentence(home, name):
    with pytest.raises(ModelError, match="There is no base model .* on this machine"):
        find_model(name)


def test_a_folder_of_something_else_is_refused(home):
    (home / "models" / "junk").mkdir()
    with pytest.raises(ModelError, match="no model_index.json"):
        find_model("junk")


def test_another_pipeline_is_refused(stacks, tmp_path):
    folder = shutil.copytree(stacks["sd1"], tmp_path / "flux")
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "FluxPipeline"))
    with pytest.raises(ModelError, match="is a FluxPipeline"):
        describe_model(str(folder))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_damaged_part_is_one_sentence(stacks, tmp_path, part):
    folder = shutil.copytree(stacks["sd1"], tmp_path / "damaged")
    (weights,) = (folder / part).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match="is damaged or not a safetensors file .*; copy it again"):
        load_model(describe_model(str(folder)))


def test_pickled_weights_are_not_opened(stacks, tmp_path):
    folder = shutil.copytree(stacks["sd1"], tmp_path / "pickled")
    (weights,) = (folder / "unet").glob("*.safetensors")
    weights.unlink()
    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be opened"):
        load_model(describe_model(str(folder)))


def test_a_model_without_its_tokenizer_is_one_sentence(stacks, tmp_path):
    from textual_inversion.models.tokenizers import open_tokenizers

    folder = shutil.copytree(stacks["sd1"], tmp_path / "dumb")
    shutil.rmtree(folder / "tokenizer")
    with pytest.raises(ModelError, match=r"no tokenizer in .*dumb/tokenizer; copy the model again"):
        open_tokenizers(describe_model(str(folder)))


def test_a_models_hash_is_that_of_all_the_unets_files_one_after_another(tmp_path, home):
    (tmp_path / "unet").mkdir()
    for name, part in (("a", b"one"), ("b", b"two")):
        (tmp_path / "unet" / f"{name}.safetensors").write_bytes(part)
    folder = SimpleNamespace(info=SimpleNamespace(folder=tmp_path, is_single_file=False))
    assert BaseModel.hash.func(folder) == hashlib.sha256(b"onetwo").hexdigest()[:10]
    file = SimpleNamespace(folder=tmp_path / "unet" / "a.safetensors", is_single_file=True)
    hashed = BaseModel.hash.func(SimpleNamespace(info=file))
    assert hashed == hashlib.sha256(b"one").hexdigest()[:10]
