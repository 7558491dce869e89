"""Broken and hostile base models: each is one sentence, in little time, and no code is run."""

import os
import re
import shutil
import time

import pytest
import torch
from safetensors.torch import save_file

from tests import ldm, tiny
from tests.marks import slow
from tests.models.checks.broken import BROKEN
from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model


def said_of(path):
    """Open a model, and give the one sentence that says why not."""
    start = time.process_time()
    with pytest.raises(ModelError) as caught:
        load_model(describe_model(str(path)))
    assert time.process_time() - start < 10
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700
    return str(caught.value)


SOME = [name if number % 10 == 0 else slow(name) for number, name in enumerate(BROKEN)]


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_a_broken_model_is_one_sentence(stacks, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(stacks["sd1"], tmp_path / "broken")
    change, words = BROKEN[name]
    change(folder)
    said = said_of(folder)
    assert re.search(words, said), said
    assert not (tmp_path / "owned").exists()


@pytest.mark.slow
def test_a_unet_of_another_text_encoder_is_named(stacks, tmp_path):
    folder = shutil.copytree(stacks["sd1"], tmp_path / "mixed")
    shutil.rmtree(folder / "unet")
    shutil.copytree(stacks["sd2"] / "unet", folder / "unet")
    assert "is 32 wide, and its UNet expects 48" in said_of(folder)


@pytest.fixture(scope="module")
def tensors(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    return {name: value.contiguous() for name, value in ldm.build(root / "x", "sd1").items()}


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["model.diffusion_model.out.", "first_stage_model.decoder.mid",
                                    "cond_stage_model.transformer.text_model.final"])  # fmt: skip
def test_a_single_file_without_some_tensors_is_one_sentence(tensors, tmp_path, home, prefix):
    tiny.tokenizer().save_pretrained(home / "tokenizer")
    left = {name: value for name, value in tensors.items() if not name.startswith(prefix)}
    save_file(left, home / "x.safetensors")
    assert "lacks" in said_of(home / "x.safetensors")


def test_a_single_file_of_whole_numbers_is_one_sentence(tensors, home):
    tiny.tokenizer().save_pretrained(home / "tokenizer")
    save_file({n: v.to(torch.int8) for n, v in tensors.items()}, home / "x.safetensors")
    assert "is of the type int8, not floating-point numbers" in said_of(home / "x.safetensors")


def test_a_single_file_that_is_cut_is_known_by_its_header(tensors, home):
    save_file(tensors, home / "x.safetensors")
    data = (home / "x.safetensors").read_bytes()
    (home / "x.safetensors").write_bytes(data[:-1000])
    assert "the file ends 1,000 bytes early" in said_of(home / "x.safetensors")


@pytest.mark.parametrize("name", ["x.safetensors", "x.ckpt"])
def test_a_pipe_is_no_model(home, name):
    os.mkfifo(home / name)
    assert "There is no base model" in said_of(home / name)
