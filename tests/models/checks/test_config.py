"""Broken and hostile model folders: each is one sentence, in little time."""

import json
import shutil
import struct
import time

import pytest
from safetensors.torch import load_file, save_file

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.checks.config import read_config
from textual_inversion.models.loading import load_model
from textual_inversion.storage.paths import find_folder

FILES = (
    "model_index.json",
    "unet/config.json",
    "vae/config.json",
    "text_encoder/config.json",
    "scheduler/scheduler_config.json",
)
CONTENTS = {
    "empty": "",
    "a list": "[]",
    "a number": "5",
    "null": "null",
    "no key": "{}",
    "deep": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "long": '{"a": "' + "x" * 2**21 + '"}',
    "many": json.dumps({str(number): 0 for number in range(50_000)}),
}
NUMBERS = [
    ("unet/config.json", "sample_size", 10**9),
    ("unet/config.json", "sample_size", "x"),
    ("unet/config.json", "sample_size", None),
    ("unet/config.json", "layers_per_block", 10**6),
    ("unet/config.json", "block_out_channels", [10**9]),
    ("unet/config.json", "block_out_channels", 5),
    ("unet/config.json", "cross_attention_dim", 10**9),
    ("unet/config.json", "norm_num_groups", 0),
    ("unet/config.json", "down_block_types", ["x"]),
    ("vae/config.json", "block_out_channels", [1] * 5000),
    ("vae/config.json", "block_out_channels", None),
    ("vae/config.json", "latent_channels", -1),
    ("text_encoder/config.json", "hidden_size", 10**9),
    ("text_encoder/config.json", "hidden_size", [1]),
    ("text_encoder/config.json", "num_hidden_layers", 10**7),
    ("text_encoder/config.json", "num_attention_heads", 0),
    ("text_encoder/config.json", "vocab_size", 10**12),
    ("text_encoder/config.json", "vocab_size", 10**400),
    ("scheduler/scheduler_config.json", "num_train_timesteps", 10**9),
    ("scheduler/scheduler_config.json", "num_train_timesteps", "x"),
]


@pytest.fixture
def folder(stacks, tmp_path):
    return shutil.copytree(stacks["sd1"], tmp_path / "broken")


def open_it(folder):
    """Open the model, and give the one sentence that says why not."""
    start = time.process_time()
    with pytest.raises(ModelError) as caught:
        load_model(describe_model(str(folder)))
    assert time.process_time() - start < 10
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700
    return str(caught.value)


@pytest.mark.slow
# A scheduler without settings takes its own defaults, as diffusers does.
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_broken_configuration_is_one_sentence(folder, file, content):
    if (file, content) in {("scheduler/scheduler_config.json", "no key")}:
        pytest.skip("a scheduler has defaults for all of its settings")
    (folder / file).write_text(CONTENTS[content])
    open_it(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "key", "value"), NUMBERS)
def test_an_absurd_setting_is_one_sentence(folder, file, key, value):
    config = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(config | {key: value}))
    open_it(folder)


@pytest.mark.slow
@pytest.mark.parametrize("content", ["[]", "{", "null", '{"a":' * 50_000])
@pytest.mark.parametrize("file", ["vocab.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_broken_tokenizer_is_one_sentence(folder, file, content):
    for path in (folder / "tokenizer").iterdir():
        path.unlink()
    (folder / "tokenizer" / file).write_text(content)
    open_it(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{"merges": [["q", "r"]]}, {"vocab": []}, {"type": "Nope"}, {"dropout": "x"}]
)
def test_a_tokenizer_that_its_package_refuses_is_one_sentence(folder, change):
    path = folder / "tokenizer" / "tokenizer.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"model": data["model"] | change}))
    assert "The tokenizer of the base model in" in open_it(folder)


def test_a_link_to_a_device_in_a_model_ends(folder):
    (folder / "unet" / "config.json").unlink()
    (folder / "unet" / "config.json").symlink_to("/dev/zero")
    assert "not a regular file" in open_it(folder)


@pytest.mark.slow
def test_what_the_libraries_think_of_a_setting_does_not_leak(folder, capfd, caplog):
    for file in ("unet/config.json", "vae/config.json"):
        config = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(config | {"\x1b[31m": 1}))
    load_model(describe_model(str(folder)))
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


HEADERS = {
    "deep": b'{"a":' * 100_000,
    "a list": b"[]",
    "a number": b'{"a": 1}',
    "many": b"{" + b",".join(b'"%d":{"shape":[]}' % n for n in range(60_000)) + b"}",
    "huge": json.dumps({"a": {"shape": [10**400]}}).encode(),
    "endless": b'{"a": {"shape": [1e999]}}',
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_broken_header_of_a_single_file_is_one_sentence(tmp_path, header):
    data = HEADERS[header]
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(data)) + data)
    open_it(tmp_path / "x.safetensors")


def test_a_scheduler_that_clips_nothing_is_read():
    path = find_folder("models/pocket") / "scheduler" / "scheduler_config.json"
    assert read_config(path)["lambda_min_clipped"] == float("-inf")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
@pytest.mark.parametrize("number", [float("nan"), float("-inf")])
def test_weights_that_are_no_numbers_are_said_when_the_model_is_opened(folder, part, number):
    (path,) = (folder / part).glob("*.safetensors")
    weights = load_file(path)
    name = sorted(weights)[-1]
    weights[name].view(-1)[-1] = number
    save_file(weights, path)
    with pytest.raises(ModelError) as caught:
        load_model(describe_model(str(folder)))
    assert str(caught.value).startswith(
        f'The base model "broken" in {folder} is broken: 1 of its {part}\'s '
    )
    assert str(caught.value).endswith("; copy the model again.")
    assert "NaN or infinite numbers" in str(caught.value)
