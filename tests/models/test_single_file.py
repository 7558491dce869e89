import json
import pickle
import shutil
import socket

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests import ldm
from tests.marks import slow
from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model, list_models
from textual_inversion.models.loading import LoadOptions, load_model
from textual_inversion.models.opening import open_model
from textual_inversion.models.single_file.clip_tokenizer import make_clip_tokenizer

KINDS = ("sd1", "sd2", "sdxl")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """For each kind a diffusers folder and the same weights in one file."""
    root = tmp_path_factory.mktemp("pairs")
    made = {}
    for kind in KINDS:
        tensors = {n: t.clone().contiguous() for n, t in ldm.build(root / kind, kind).items()}
        save_file(tensors, root / f"{kind}.safetensors")
        made[kind] = (root / kind, root / f"{kind}.safetensors", tensors)
    return made


@torch.no_grad()
def answers(model):
    """What a model says of a prompt with a learned word, and of a picture."""
    words = {"zyx": tuple(torch.full((2, width), 0.1) for width in model.info.widths)}
    told = model.text.encode(["a photo of zyx", "a very red cat"], words)
    predicted = model.predict(torch.ones(2, 4, 8, 8), torch.tensor([10, 900]), told)
    latents = model.encode_pictures([Image.linear_gradient("L").resize((64, 64))]).mean
    return predicted, model.scale_latents(latents)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_file_is_the_same_model_as_its_folder(pairs, kind):
    folder, file, _ = pairs[kind]
    exact = LoadOptions("fp32")
    there, here = (load_model(describe_model(str(path)), exact) for path in (folder, file))
    assert (here.info.family, here.info.widths, here.info.vae_scale_factor, here.info.name) == (
        there.info.family, there.info.widths, there.info.vae_scale_factor, kind,
    )  # fmt: skip
    assert here.prediction == there.prediction
    assert torch.equal(here.alphas_cumprod, there.alphas_cumprod)
    for mine, theirs in zip(answers(here), answers(there), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


@pytest.mark.slow
def test_a_checkpoint_of_tensors_alone_is_opened_and_known_by_its_hash(pairs, tmp_path):
    _, file, tensors = pairs["sd1"]
    (file.parent / "tokenizer").rename(tmp_path / "tokenizer")
    try:
        torch.save({"state_dict": tensors, "global_step": 3}, tmp_path / "old.ckpt")
        model = open_model(str(tmp_path / "old.ckpt"))
    finally:
        (tmp_path / "tokenizer").rename(file.parent / "tokenizer")
    assert model.info.name == "old"
    assert len(model.hash) == 10


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path, capsys):
    class Shouts:
        def __reduce__(self):
            return print, ("owned",)

    torch.save({"state_dict": {}, "bad": Shouts()}, tmp_path / "bad.ckpt", pickle_module=pickle)
    with pytest.raises(ModelError, match="could run code when loaded"):
        describe_model(str(tmp_path / "bad.ckpt"))
    assert "owned" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "damaged"), (b"\xff" * 64, "too long"), (b"\x02" + b"\0" * 7 + b"{}", "not a complete")],
)
def test_a_file_of_something_else_is_one_sentence(tmp_path, data, words):
    (tmp_path / "x.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=words):
        describe_model(str(tmp_path / "x.safetensors"))


@pytest.mark.slow
def test_an_inpainting_model_is_named(pairs, tmp_path):
    tensors = dict(pairs["sd1"][2])
    tensors["model.diffusion_model.input_blocks.0.0.weight"] = torch.zeros(32, 9, 3, 3)
    save_file(tensors, tmp_path / "inpaint.safetensors")
    with pytest.raises(ModelError, match="inpainting or the like .* 9 input channels"):
        describe_model(str(tmp_path / "inpaint.safetensors"))


@pytest.mark.slow
def test_a_velocity_model_of_sdxl_says_so_by_empty_tensors(pairs, tmp_path):
    tensors = {**pairs["sdxl"][2], "v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    (tmp_path / "tokenizer").symlink_to(pairs["sdxl"][1].parent / "tokenizer")
    save_file(tensors, tmp_path / "v.safetensors")
    model = load_model(describe_model(str(tmp_path / "v.safetensors")))
    assert (model.prediction, float(model.alphas_cumprod[-1])) == ("v_prediction", 0.0)


def test_files_under_models_are_listed(pairs, home):
    (home / "models" / "mine.safetensors").symlink_to(pairs["sd1"][1])
    assert "models/mine.safetensors" in list_models()
    assert describe_model("mine.safetensors").size == 512


def test_without_a_tokenizer_of_its_size_the_way_to_one_is_said(pairs, home):
    (home / "models" / "other" / "tokenizer").mkdir(parents=True)
    (home / "models" / "other" / "tokenizer" / "vocab.json").write_text(json.dumps({"word": 1}))
    save_file(pairs["sd1"][2], home / "models" / "mine.safetensors")
    with pytest.raises(ModelError, match="knows 125 tokens, CLIP's tokenizer 49408; put its own"):
        load_model(describe_model("mine.safetensors"))


def test_a_model_of_the_hub_is_said_to_be_away_when_offline(home, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match='"some/model" on this machine; .* is downloaded when'):
        describe_model("some/model")
    with pytest.raises(
        ModelError, match='"some/model" is not on this machine .* and cannot be down'
    ):
        open_model("some/model")


def clip_tokenizer(pad="<|endoftext|>"):
    return make_clip_tokenizer(pad)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd1", slow("sdxl")])
def test_a_file_with_clips_words_opens_with_no_tokenizer_beside_it_and_no_network(
    home, kind, monkeypatch
):
    """It opens in the time of reading it: nothing is asked for, and no tensor is read twice."""
    tensors = ldm.build(home / "made" / "x", kind, clip_tokenizer)
    shutil.move(home / "made", home / "away")
    save_file({n: t.contiguous() for n, t in tensors.items()}, home / "models" / "x.safetensors")
    del tensors
    monkeypatch.setattr(socket.socket, "connect", None)
    model = load_model(describe_model("models/x.safetensors"), LoadOptions("fp32"))
    assert [len(encoder.embedding.weight) for encoder in model.text.encoders] == [49_408] * len(
        model.info.widths
    )
    assert model.text.encoders[0].token_ids("a photo of a cat") == [320, 1125, 539, 320, 2368]
    assert torch.isfinite(model.text.encode(["a photo of a cat"], {}).hidden).all()
    folder = load_model(describe_model(str(home / "away" / "x")), LoadOptions("fp32"))
    for mine, theirs in zip(answers(model), answers(folder), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)
