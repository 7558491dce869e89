"""Seconds and memory of opening a single file, beside the seconds of reading its bytes.

    python benchmarks/opening.py [FOLDER] [--shape sdxl] [--turns 3] [--dtype float16]

The file has SD 1.5's or SDXL's shape, random weights and half precision (2.1 or 6.9 GB; sdxl-half
and sdxl-fifth have narrower layers: 2.1 and 0.8 GB). Each way has processes of its own, in turns,
first with the file on the disk alone, as when a model is opened for the first time, then with the
file in the operating system's cache. On a busy machine the processor's seconds tell more than those
that pass. Opening is without the imports, and without a tokenizer beside the file or the network.
The peak of memory is the process's own, less what it has before opening (told on Linux); pages of
the file count as long as they are mapped.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

READ = """
import sys, time
start = time.perf_counter(), time.process_time()
with open(sys.argv[1], "rb") as file:
    while file.read(1 << 24):
        pass
print(time.perf_counter() - start[0], time.process_time() - start[1], 0)
"""
OPEN = """
import re, sys, time
import accelerate, torch, diffusers, transformers
import diffusers.loaders.single_file_utils
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
def kilobytes(of):
    return int(re.search(of + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
linux = sys.platform == "linux"
before = kilobytes("VmRSS") if linux else 0
start = time.perf_counter(), time.process_time()
opened = load_model(describe_model(sys.argv[1]), dtype=getattr(torch, sys.argv[2]))
passed = time.perf_counter() - start[0], time.process_time() - start[1]
print(*passed, (kilobytes("VmHWM") - before) / 1e6 if linux else 0)
"""
_DIVISORS = {"sdxl": 1, "sdxl-half": 2, "sdxl-fifth": 5}


def write_single_file(folder: Path) -> Path:
    """Write the file, unless it is there: diffusers' random weights under CompVis' names."""
    path = folder / "sd15-shape.safetensors"
    if path.exists():
        return path
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors.torch import save_file
    from transformers import CLIPTextModel

    from benchmarks.shapes import write_sd15_shape
    from tests.ldm import _clip, _original_vae

    made = write_sd15_shape(folder / "sd15-shape")
    unet = UNet2DConditionModel.from_pretrained(made / "unet").half()
    vae = AutoencoderKL.from_pretrained(made / "vae").half()
    text = CLIPTextModel.from_pretrained(made / "text_encoder").half()
    tensors = {compvis_name(name): value for name, value in unet.state_dict().items()}
    tensors |= _original_vae(vae) | _clip(text, "cond_stage_model.transformer.")
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)
    return path


def write_sdxl_file(folder: Path, shape: str) -> Path:
    """Write a file of SDXL's shape, unless it is there, in little memory: its numbers repeat."""
    path = folder / f"{shape}-shape.safetensors"
    if path.exists():
        return path
    from benchmarks.shapes import sdxl_shape
    from tests.ldm import _clip, _open_clip, _original_vae

    unet, vae, first, second = sdxl_shape(_DIVISORS[shape])
    tensors = {compvis_name(n, upsampler=2): value for n, value in unet.state_dict().items()}
    tensors |= _original_vae(vae) | _clip(first, "conditioner.embedders.0.transformer.")
    tensors |= _open_clip(second, "conditioner.embedders.1.model.")
    write_repeated(path, {name: tuple(value.shape) for name, value in tensors.items()})
    return path


def write_repeated(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """Write tensors of these shapes in fp16, whose numbers are the same few millions."""
    import torch

    numbers = (torch.randn(1 << 22).half() / 50).numpy().tobytes()
    header: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * torch.Size(shape).numel()
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for at in range(0, end, len(numbers)):
            file.write(numbers[: end - at])
    new.replace(path)


def compvis_name(name: str, upsampler: int = 1) -> str:
    """Return what CompVis' code calls a tensor of a UNet of three blocks a level.

    `upsampler` is the upsampler's place in the first level's block: after attention or without.
    """
    from tests.ldm import _RESNET, _UNET

    parts = name.split(".")
    if parts[0] not in {"down_blocks", "up_blocks"}:
        old = next(old for old in sorted(_UNET, key=len, reverse=True) if name.startswith(old))
        prefix, rest = _UNET[old], name.removeprefix(old).split(".")
    else:
        prefix, rest = (
            _block(parts[0], int(parts[1]), parts[2], int(parts[3]), upsampler),
            ["", *parts[4:]],
        )
    if "resnets" in parts:
        rest[1] = _RESNET[rest[1]]
    if "samplers" in name:
        rest[1] = "op" if parts[0] == "down_blocks" else "conv"
    return f"model.diffusion_model.{prefix}{'.'.join(rest)}"


def _block(side: str, level: int, kind: str, place: int, upsampler: int) -> str:
    if kind == "downsamplers":
        return f"input_blocks.{3 * level + 3}.0"
    if kind == "upsamplers":
        return f"output_blocks.{3 * level + 2}.{upsampler if level == 0 else 2}"
    number = 3 * level + place + (1 if side == "down_blocks" else 0)
    return f"{'in' if side == 'down_blocks' else 'out'}put_blocks.{number}.{kind == 'attentions':d}"


def measured(code: str, *arguments: str) -> tuple[float, float, float]:
    """Run code in a process of its own: the seconds that passed, the processor's, the peak's GB."""
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    passed, computed, peak = map(float, ran.stdout.split()[-3:])
    return passed, computed, peak


def forget(path: Path) -> None:
    """Take a file out of the operating system's cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    """Write the file, measure both ways in turns, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--shape", choices=["sd15", *_DIVISORS], default="sd15")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--dtype", choices=["float16", "bfloat16", "float32"], default="float16")
    args = parser.parse_args()
    folder = args.folder or Path(tempfile.mkdtemp())
    is_sdxl = args.shape in _DIVISORS
    path = write_sdxl_file(folder, args.shape) if is_sdxl else write_single_file(folder)
    print(f"{path.stat().st_size / 1e9:.2f} GB, opened in {args.dtype}, medians of {args.turns}:")
    for where in ("from the disk", "from the cache"):
        found: dict[str, list[tuple[float, float, float]]] = {"read": [], "opened": []}
        ways = [("read", READ), ("opened", OPEN)] * args.turns
        for what, code in ways:
            if where == "from the disk":
                forget(path)
            found[what].append(measured(code, str(path), args.dtype))
        for what, runs in found.items():
            passed, computed, peak = map(statistics.median, zip(*runs, strict=True))
            memory = f", peak {peak:.2f} GB" if peak else ""
            print(f"{where}, {what}: {passed:.2f} s, processor {computed:.2f} s{memory}")


if __name__ == "__main__":
    main()
