"""Encoders of random weights, in the classes and files that the true ones have."""

import json

import pytest
import torch
from PIL import Image

from tests import tiny
from tests.evaluation.snapshots.evaluated import run_evaluation, write_subject
from textual_inversion.errors import ModelError
from textual_inversion.evaluation.snapshots.encoders import Encoder, find_encoders

pytestmark = pytest.mark.slow
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
VISION = {**SMALL, "image_size": 28, "patch_size": 14, "intermediate_size": 16}
PICTURES = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]


def write_dinov2(folder):
    from transformers import BitImageProcessor, Dinov2Config, Dinov2Model

    Dinov2Model(Dinov2Config(**SMALL, image_size=28, patch_size=14)).save_pretrained(folder)
    _write_processor(BitImageProcessor, folder)


def write_clip(folder):
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    tokens = tiny.tokenizer()
    ends = {"bos_token_id": tokens.bos_token_id, "eos_token_id": tokens.eos_token_id}
    text = {**SMALL, **ends, "vocab_size": len(tokens), "intermediate_size": 16}
    config = CLIPConfig(text_config=text, vision_config=VISION, projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    tokens.save_pretrained(folder)
    _write_processor(CLIPImageProcessor, folder)


def _write_processor(kind, folder):
    size = {"size": {"shortest_edge": 28}, "crop_size": {"height": 28, "width": 28}}
    described = {"image_processor_type": kind.__name__, "do_center_crop": True, **size}
    (folder / "preprocessor_config.json").write_text(json.dumps(described))


@pytest.fixture
def encoders(home, hub):
    write_dinov2(home / "models" / "dino")
    write_clip(home / "models" / "clip")
    return home / "models"


def test_encoders_under_models_are_found_the_best_for_likeness_first(encoders):
    found = find_encoders("auto")
    assert [one.label for one in found] == ["DINOv2 (dino)", "CLIP (clip)"]
    assert find_encoders("clip") == found[1:]
    assert find_encoders("none") == ()


def test_pictures_and_texts_become_features_of_one_width(encoders):
    dino, clip = map(Encoder, find_encoders("auto"))
    assert dino.pictures(PICTURES).shape == (2, 16)
    pictures, texts = clip.pictures(PICTURES), clip.texts(["a red house", "cat " * 200])
    assert pictures.shape == texts.shape == (2, 8)
    assert torch.isfinite(torch.cat([pictures, texts])).all()


def test_what_was_measured_by_is_told(home, stacks, encoders):
    write_subject(home, stacks["sd1"])
    _, found = run_evaluation(encoders="auto", num_snapshots=0)
    assert (found.likeness_by, found.obedience_by) == ("DINOv2 (dino)", "CLIP (clip)")
    others = ["CLIP (clip)", "UNet", "latents", "colours", "concordance"]
    assert list(found.candidates[0].others) == others


def test_nothing_is_downloaded(encoders, hub):
    files = {path.name: path.read_bytes() for path in (encoders / "dino").iterdir()}
    hub.add("some/dino", files)
    with pytest.raises(ModelError, match="'some/dino' is not on this machine"):
        find_encoders("some/dino")
    assert not (encoders.parent / "hub-cache").exists()


def test_a_damaged_encoder_is_said_to_be(encoders):
    (encoders / "dino" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Encoder(find_encoders("dino")[0])
    (encoders / "dino" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no image encoder that can be used"):
        find_encoders("dino")
