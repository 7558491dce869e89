"""Seconds to open a single file of SD 1.5's shape, beside the seconds of reading its bytes.

    python benchmarks/opening.py [FOLDER]

The weights are random and in half precision (2.1 GB). Each way has processes of its own, in turns,
first with the file on the disk alone, as when a model is opened for the first time, then with the
file in the operating system's cache. On a busy machine the processor's seconds tell more than those
that pass. Opening is without the imports, and without a tokenizer beside the file or the network.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

_NUM_TURNS = 3
_READ = """
import sys, time
start = time.perf_counter(), time.process_time()
with open(sys.argv[1], "rb") as file:
    while file.read(1 << 24):
        pass
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""
_OPEN = """
import sys, time
import accelerate, torch, diffusers, transformers
import diffusers.loaders.single_file_utils
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model
start = time.perf_counter(), time.process_time()
load_model(describe_model(sys.argv[1]), dtype=torch.float16)
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""


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


def compvis_name(name: str) -> str:
    """Return what CompVis' code calls a tensor of the UNet of SD 1.5: three blocks a level."""
    from tests.ldm import _RESNET, _UNET

    parts = name.split(".")
    if parts[0] not in {"down_blocks", "up_blocks"}:
        old = next(old for old in sorted(_UNET, key=len, reverse=True) if name.startswith(old))
        prefix, rest = _UNET[old], name.removeprefix(old).split(".")
    else:
        prefix, rest = _block(parts[0], int(parts[1]), parts[2], int(parts[3])), ["", *parts[4:]]
    if "resnets" in parts:
        rest[1] = _RESNET[rest[1]]
    if "samplers" in name:
        rest[1] = "op" if parts[0] == "down_blocks" else "conv"
    return f"model.diffusion_model.{prefix}{'.'.join(rest)}"


def _block(side: str, level: int, kind: str, place: int) -> str:
    if kind == "downsamplers":
        return f"input_blocks.{3 * level + 3}.0"
    if kind == "upsamplers":
        return f"output_blocks.{3 * level + 2}.{1 if level == 0 else 2}"
    number = 3 * level + place + (1 if side == "down_blocks" else 0)
    return f"{'in' if side == 'down_blocks' else 'out'}put_blocks.{number}.{kind == 'attentions':d}"


def seconds(code: str, path: Path) -> tuple[float, float]:
    """Run code in a process of its own; return the seconds that passed, and the processor's."""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    passed, computed = ran.stdout.split()[-2:]
    return float(passed), float(computed)


def forget(path: Path) -> None:
    """Take a file out of the operating system's cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    """Write the file, measure both ways in turns, print the medians."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    path = write_single_file(folder)
    print(f"{path.stat().st_size / 1e9:.2f} GB, medians of {_NUM_TURNS}:")
    for where in ("from the disk", "from the cache"):
        found: dict[str, list[tuple[float, float]]] = {"read": [], "opened": []}
        for _ in range(_NUM_TURNS):
            for what, code in (("read", _READ), ("opened", _OPEN)):
                if where == "from the disk":
                    forget(path)
                found[what].append(seconds(code, path))
        for what, runs in found.items():
            passed, computed = (statistics.median(column) for column in zip(*runs, strict=True))
            print(f"{where}, {what}: {passed:.2f} s, the processor computes {computed:.2f} s")


if __name__ == "__main__":
    main()
