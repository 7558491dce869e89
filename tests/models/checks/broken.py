"""Ways to break a base model's folder, by name; each takes the folder and changes a file or two."""

import json
import os
import shutil
import struct
from itertools import chain
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

UNET = "unet/diffusion_pytorch_model.safetensors"
VAE = "vae/diffusion_pytorch_model.safetensors"
TEXT = "text_encoder/model.safetensors"
INDEX = "unet/diffusion_pytorch_model.safetensors.index.json"
PARTS = {"UNet": UNET, "VAE": VAE, "text encoder": TEXT}
CODE = "open('owned', 'w').write('x')\n"


def weights(file, change):
    def broken(folder):
        tensors = load_file(folder / file)
        save_file(change(tensors, min(tensors)), folder / file)

    return broken


def config(file, **settings):
    def broken(folder):
        path = folder / file
        path.write_text(json.dumps(json.loads(path.read_text()) | settings))

    return broken


def text(file, content, *, instead_of=None):
    def broken(folder):
        if instead_of:
            (folder / instead_of).unlink()
        (folder / file).write_text(content)

    return broken


def gone(file):
    def broken(folder):
        path = folder / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return broken


def pipe(file):
    def broken(folder):
        (folder / file).unlink(missing_ok=True)
        os.mkfifo(folder / file)

    return broken


def link(file, target):
    def broken(folder):
        (folder / file).unlink(missing_ok=True)
        (folder / file).symlink_to(target)

    return broken


def cut(file, length):
    def broken(folder):
        (folder / file).write_bytes((folder / file).read_bytes()[:length])

    return broken


def header(file, described, *, num_bytes=0):
    def broken(folder):
        data = described if isinstance(described, bytes) else json.dumps(described).encode()
        (folder / file).write_bytes(struct.pack("<Q", len(data)) + data + bytes(num_bytes))

    return broken


def both(first, second):
    def broken(folder):
        first(folder)
        second(folder)

    return broken


def tensor(shape, begin, end):
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


def dropped(tensors, name):
    return {key: value for key, value in tensors.items() if key != name}


def narrowed(tensors, name):
    return tensors | {name: tensors[name][..., :-1].contiguous()}


def whole_numbers(tensors, _):
    return {key: value.to(torch.int64) for key, value in tensors.items()}


def infinite(tensors, name):
    return tensors | {name: torch.full_like(tensors[name], float("nan"))}


def _parts():
    for what, file in PARTS.items():
        yield f"{what} without a tensor", weights(file, dropped), "lacks 1 of its tensors"
        yield f"{what} of another shape", weights(file, narrowed), "have another shape"
        yield f"{what} of whole numbers", weights(file, whole_numbers), "of the type I64"
        yield f"{what} of NaN", weights(file, infinite), "NaN or infinite numbers"
        yield f"{what} that is missing", gone(Path(file).parent), "No such file"
        yield f"{what} without weights", gone(file), "cannot be opened"
        yield f"{what} that is a pipe", pipe(file), "not a regular file"
        yield f"{what} that is a device", link(file, "/dev/zero"), "not a regular file"
        yield f"{what} cut in its header", cut(file, 100), "header cannot be read"
        yield f"{what} cut in its numbers", cut(file, -1000), "ends .* bytes early"
        yield f"{what} of nothing", cut(file, 0), "header cannot be read"
        yield f"{what} of 4 TB", header(file, {"a": tensor([10**6] * 2, 0, 4 * 10**12)}), "early"
        yield f"{what} nested too deep", header(file, b'{"a":' * 30_000), "nested too deep"


def _files():
    yield "overlapping tensors", header(
        UNET, {"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, num_bytes=12
    ), "cannot be opened"  # fmt: skip
    for what, content in {
        "that is a list": "[]",
        "that names nothing": '{"weight_map": {}}',
        "nested too deep": '{"a":' * 50_000,
        "that names a file elsewhere": '{"weight_map": {"a": "../../x.safetensors"}}',
        "that names a missing file": '{"weight_map": {"a": "x.safetensors"}}',
        "that is huge": json.dumps({"weight_map": {str(n) * 20: "x" for n in range(99_999)}}),
    }.items():
        yield f"an index {what}", text(INDEX, content, instead_of=UNET), "index.json cannot be read"
    yield "code in the config", both(
        text("unet/evil.py", CODE), config("unet/config.json", auto_map={"AutoModel": "evil.Evil"})
    ), "code of its own"  # fmt: skip
    yield "code for a part", both(
        text("unet/evil.py", CODE), config("model_index.json", unet=["evil", "Evil"])
    ), "code of its own"  # fmt: skip
    yield "code for the pipeline", both(
        text("evil.py", CODE), config("model_index.json", _class_name=["evil", "Evil"])
    ), "code of its own"  # fmt: skip
    kernel = {"attn_implementation": "owner/kernel"}
    yield "a kernel of the Hub", config("text_encoder/config.json", **kernel), "code of its own"
    quantized = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}
    yield "quantized weights", config("unet/config.json", **quantized), "is quantized"
    yield "a tokenizer that is missing", gone("tokenizer"), "no tokenizer"
    yield "a tokenizer that is a pipe", pipe("tokenizer/tokenizer.json"), "not a regular file"
    yield "a huge tokenizer", text("tokenizer/tokenizer.json", "x" * 2**25), "too large"
    yield "no schedule", gone("scheduler"), "No such file"
    yield "a schedule that is a pipe", pipe("scheduler/scheduler_config.json"), "not a regular file"


def _values():
    for key, value, words in (
        ("num_train_timesteps", 0, "cannot be opened"),
        ("beta_start", -5.0, "cannot be opened"),
        ("beta_schedule", "x", "cannot be opened"),
        ("prediction_type", "x", 'predicts "x"'),
        ("trained_betas", [], "cannot be opened"),
    ):
        yield (
            f"a schedule's {key}",
            config("scheduler/scheduler_config.json", **{key: value}),
            words,
        )
    for key, value in (("scaling_factor", 0), ("scaling_factor", "x"), ("shift_factor", "x")):
        yield (
            f"the VAE's {key} {value}",
            config("vae/config.json", **{key: value}),
            "VAE .* invalid",
        )
    for key, value in (("hidden_act", "__import__"), ("eos_token_id", "x"), ("dtype", "evil")):
        yield (
            f"the text encoder's {key}",
            config("text_encoder/config.json", **{key: value}),
            "open",
        )
    yield "pictures of no size", config("unet/config.json", sample_size=0), "sample_size is 0"


BROKEN = {name: (change, words) for name, change, words in chain(_parts(), _files(), _values())}
