"""The PyTorch port of DeepDanbooru's network "resnet_custom_v3", model-resnet_custom_v3.pt.

The file holds the tags and 179 convolutions, `n_Conv_0` to `n_Conv_178`, with batch norms folded
in. Their shapes give the widths; what shapes do not tell is written here: a ResNet of bottlenecks
(1x1, 3x3, 1x1; arXiv:1512.03385) in six stages, each but the first halving the picture with its
first 3x3, padded as TensorFlow's "same" does: one more on the right and at the bottom where it does
not come out even.

B batch, C channels, H W picture.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from preprocessing.captioners.deepdanbooru.network import Network
from textual_inversion.errors import ModelError

SIZE = 512
BLOCKS = (3, 8, 20, 20, 3, 3)  # bottlenecks of each stage
_LATE = 3  # the stage whose first shortcut is numbered after its bottleneck, not before
NUM_CONVS = 1 + 3 * sum(BLOCKS) + len(BLOCKS) + 1

Conv = tuple[torch.Tensor, torch.Tensor | None]


def open_port(path: Path) -> Network:
    """Load the port's file; no code in it is run."""
    stored = _read(path)
    tags = stored.get("tags")
    try:
        convs = [_conv(stored, number) for number in range(NUM_CONVS)]
    except KeyError as error:
        raise ModelError(
            f"{path} is not the PyTorch port of DeepDanbooru: it has no {error}."
        ) from None
    if not isinstance(tags, list) or len(tags) != len(convs[-1][0]):
        raise ModelError(f"{path} is not the PyTorch port of DeepDanbooru: its tags do not fit.")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    on_device = [_moved(conv, device) for conv in convs]

    def score(batch: Any) -> Any:
        with torch.inference_mode():
            pictures = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2)  # (B, 3, H, W)
            return run(on_device, pictures).cpu().numpy()

    return Network(SIZE, SIZE, [str(tag) for tag in tags], score)


def run(convs: list[Conv], pictures: torch.Tensor) -> torch.Tensor:
    """Score the tags of (B, 3, H, W) in [0, 1]: (B, number of tags)."""
    numbered = iter(convs)
    h = F.relu(_same(pictures, next(numbered), stride=2))  # (B, C, H/2, W/2)
    h = F.max_pool2d(_padded(h, 3, stride=2, value=-torch.inf), 3, stride=2)  # (B, C, H/4, W/4)
    for stage, count in enumerate(BLOCKS):
        h = _first_block(h, numbered, stride=2 if stage else 1, late=stage == _LATE)
        for _ in range(count - 1):
            h = F.relu(_bottleneck(h, numbered) + h)
    h = _same(h, next(numbered))  # (B, number of tags, H/128, W/128)
    return h.mean((2, 3)).sigmoid()


def _first_block(
    h: torch.Tensor, convs: Iterator[Conv], *, stride: int, late: bool
) -> torch.Tensor:
    shortcut = None if late else _same(h, next(convs), stride=stride)
    deep = _bottleneck(h, convs, stride=stride)
    return F.relu(deep + (_same(h, next(convs), stride=stride) if shortcut is None else shortcut))


def _bottleneck(h: torch.Tensor, convs: Iterator[Conv], *, stride: int = 1) -> torch.Tensor:
    h = F.relu(_same(h, next(convs)))
    h = F.relu(_same(h, next(convs), stride=stride))
    return _same(h, next(convs))


def _same(h: torch.Tensor, conv: Conv, *, stride: int = 1) -> torch.Tensor:
    weight, bias = conv
    return F.conv2d(_padded(h, weight.shape[-1], stride=stride), weight, bias, stride=stride)


def _padded(h: torch.Tensor, size: int, *, stride: int, value: float = 0.0) -> torch.Tensor:
    pads: list[int] = []
    for length in (h.shape[3], h.shape[2]):
        outcome = -(-length // stride)
        needed = max(0, (outcome - 1) * stride + size - length)
        pads += [needed // 2, needed - needed // 2]
    return F.pad(h, pads, value=value)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError) as error:
        reason = (str(error).strip().splitlines() or ["it is cut short"])[0]
        raise ModelError(f"{path} cannot be read as weights: {reason}") from error
    if not isinstance(stored, Mapping):
        raise ModelError(f"{path} is not the PyTorch port of DeepDanbooru: it has no weights.")
    return stored


def _conv(stored: Mapping[str, Any], number: int) -> Conv:
    weight, bias = stored[f"n_Conv_{number}.weight"], stored.get(f"n_Conv_{number}.bias")
    return weight.float(), None if bias is None else bias.float()


def _moved(conv: Conv, device: str) -> Conv:
    weight, bias = conv
    return weight.to(device), None if bias is None else bias.to(device)
