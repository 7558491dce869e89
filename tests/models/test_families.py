import re
import shutil
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from safetensors.torch import save_file

from tests import ldm
from textual_inversion import models
from textual_inversion.errors import ModelError
from textual_inversion.models import families
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.families.base import SingleFile, TextEncoderKeys, read_sizes
from textual_inversion.models.opening import open_model

PREFIX = "made_up.encoder."


class MadeUp:
    """Built of Stable Diffusion's parts, but prompted and stored in its own way."""

    name = "made-up"
    title = "Made Up"
    pipeline = "MadeUpPipeline"
    classes: ClassVar = {
        "text_encoder": "transformers:CLIPTextModel",
        "unet": "diffusers:UNet2DConditionModel",
        "vae": "diffusers:AutoencoderKL",
    }
    has_clip_skip = False
    single_files = (SingleFile((TextEncoderKeys(PREFIX),), 320, num_heads=8),)

    def sizes(self, configs):
        return read_sizes(configs)

    def encode(self, model, ids, clip_skip):
        hidden = model(ids).last_hidden_state
        return 2 * hidden, hidden[:, 0]

    def added_conditioning(self, pooled, latents, scale):
        assert pooled is not None
        return {"made_up": pooled.sum()}

    def added_unet_config(self, shapes):
        return {"norm_eps": 0.125}


@pytest.fixture
def made_up(monkeypatch):
    family = MadeUp()
    monkeypatch.setattr(families, "FAMILIES", [*families.FAMILIES, family])
    return family


def renamed(stack, folder):
    """Copy a stack of Stable Diffusion as one of the family that is made up."""
    shutil.copytree(stack, folder)
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "MadeUpPipeline"))
    return str(folder)


@pytest.mark.slow
def test_a_new_family_is_opened_and_prompted_in_its_own_way(stacks, tmp_path, made_up):
    usual, model = (
        open_model(str(stacks["sd1"])),
        open_model(renamed(stacks["sd1"], tmp_path / "x")),
    )
    assert (model.info.family, model.info.widths, model.info.size) == (made_up, (32,), 64)
    told = model.text.encode(["a photo"], {})
    assert torch.equal(told.hidden, 2 * usual.text.encode(["a photo"], {}).hidden)
    assert torch.equal(told.pooled, told.hidden[:, 0] / 2)


@pytest.mark.slow
def test_a_new_family_adds_to_what_its_unet_is_given(stacks, tmp_path, made_up):
    model = open_model(renamed(stacks["sd1"], tmp_path / "x"))
    told, given = model.text.encode(["a photo"], {}), []

    def unet(latents, _, *, added_cond_kwargs, **others):
        given.append(added_cond_kwargs)
        return (latents,)

    with model.using_unet(unet):
        model.predict(torch.ones(1, 4, 8, 8), torch.tensor([10]), told)
    assert given == [{"made_up": told.pooled.sum()}]


@pytest.mark.slow
def test_a_new_family_is_opened_from_a_single_file(tmp_path, made_up):
    old = "cond_stage_model.transformer."
    tensors = ldm.build(tmp_path / "sd1", "sd1")
    file = tmp_path / "x.safetensors"
    save_file({n.replace(old, PREFIX): t.clone().contiguous() for n, t in tensors.items()}, file)
    model = open_model(str(file))
    assert (model.info.family, model.info.widths, model.info.size) == (made_up, (32,), 320)
    assert model.unet.config.norm_eps == 0.125


def test_without_its_family_a_model_is_refused_with_the_families_there_are(stacks, tmp_path):
    folder = renamed(stacks["sd1"], tmp_path / "x")
    with pytest.raises(
        ModelError,
        match=r"is a MadeUpPipeline; .* Stable Diffusion 1\.x, 2\.x or Stable Diffusion XL only",
    ):
        describe_model(folder)


def test_a_message_names_a_new_family_too(tmp_path, made_up):
    assert families.list_titles().endswith(" or Made Up")


def test_a_family_is_named_in_its_own_module_and_the_registry_only():
    root = Path(models.__file__).parent
    naming = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search("sdxl|StableDiffusionXL", path.read_text(encoding="utf-8"), re.IGNORECASE)
    }
    assert naming == {"families/__init__.py", "families/sdxl.py"}
