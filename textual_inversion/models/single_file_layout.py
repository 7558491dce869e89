"""What a single-file checkpoint holds, told from the names and shapes of its tensors alone.

Light for .safetensors, whose header is read and nothing else; a .ckpt is a pickle, of which only
tensors are accepted. The names are those of the CompVis and Stability AI code bases.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError
from textual_inversion.models.families import list_titles, single_files
from textual_inversion.models.families.base import ModelFamily, Shapes, SingleFile, Sizes

SUFFIXES = (".safetensors", ".ckpt")
UNET = "model.diffusion_model."
VAE = "first_stage_model."
_LONGEST_HEADER = 16 << 20  # those of whole models take half a megabyte
_MOST_TENSORS = 50_000


@dataclass(frozen=True)
class CheckpointLayout:
    """Which layout of which family a checkpoint has, and the shapes of its tensors by name."""

    family: ModelFamily
    format: SingleFile
    shapes: Shapes

    @property
    def sizes(self) -> Sizes:
        """Tell the sizes by the layout and the shapes."""
        widths = tuple(self.table(keys.prefix)[1] for keys in self.format.text_encoders)
        return Sizes(self.format.size, widths, self.scale)

    def table(self, prefix: str) -> tuple[int, ...]:
        """Give the shape (words, width) of a text encoder's table."""
        return next(shape for name, shape in self.shapes.items() if _is_table(name, prefix))

    @property
    def scale(self) -> int:
        """Give the pixels of a side for one latent."""
        return 2 ** (self.count(VAE + "encoder.down.") - 1)

    def count(self, prefix: str) -> int:
        """Count the blocks prefix0, prefix1, ..."""
        rest = {
            name[len(prefix) :].split(".")[0] for name in self.shapes if name.startswith(prefix)
        }
        return len({number for number in rest if number.isdigit()})

    @property
    def schedule(self) -> dict[str, Any]:
        """Give the layout's noise schedule, as diffusers names it.

        A file may say otherwise by the empty tensors "v_pred" and "ztsnr".
        """
        config = {**self.format.schedule, "rescale_betas_zero_snr": "ztsnr" in self.shapes}
        if "v_pred" in self.shapes:
            config["prediction_type"] = "v_prediction"
        return config


def read_checkpoint_layout(path: Path) -> CheckpointLayout:
    """Tell what a checkpoint file holds.

    Raises:
        ModelError: It cannot be read, or is of no family that is known here.
    """
    return _read_layout(path, path.stat().st_mtime)


@lru_cache(maxsize=8)
def _read_layout(path: Path, _: float) -> CheckpointLayout:
    shapes = _header(path) if path.suffix.lower() == ".safetensors" else _pickled_shapes(path)
    found = [
        (family, layout)
        for family, layout in single_files()
        if all(_has_table(shapes, keys.prefix) for keys in layout.text_encoders)
    ]
    if len(found) != 1 or not _has(shapes, UNET) or not _has(shapes, VAE):
        raise ModelError(
            f"{path} is no whole {list_titles()} model (UNet, VAE and text encoders in one file); "
            "embeddings are trained on those only."
        )
    channels = shapes.get(UNET + "input_blocks.0.0.weight", (0, 0))[1]
    if channels != 4:
        raise ModelError(
            f"{path} is a model for inpainting or the like (its UNet takes {channels} channels, "
            "not 4); use the base model that it was made from."
        )
    return CheckpointLayout(*found[0], shapes)


def _has(shapes: Mapping[str, Any], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)


def _has_table(shapes: Shapes, prefix: str) -> bool:
    return any(_is_table(name, prefix) for name in shapes)


def _is_table(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name.endswith("token_embedding.weight")


def _header(path: Path) -> dict[str, tuple[int, ...]]:
    """Read the JSON header of a .safetensors file."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _LONGEST_HEADER:
                raise ValueError("its header is too long")
            text = file.read(length)
            if text.count(b"{") > _MOST_TENSORS:
                raise ValueError("it lists far too many tensors")
            header = json.loads(text)
        return {
            name: tuple(int(side) for side in entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except RecursionError:
        raise ModelError(
            f"The base model {path} is damaged (its header is nested too deep); copy it again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ModelError(
            f"The base model {path} is damaged or no safetensors file ({error}); copy it again."
        ) from None


def _pickled_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in read_pickled(path).items()}


def read_pickled(path: Path) -> dict[str, Any]:
    """Read the tensors of a .ckpt, mapped from the disk; whatever else it holds is refused."""
    import pickle
    import zipfile

    import torch

    from textual_inversion.storage import pickles

    try:
        pickles.check_zip(str(path), pickles.CHECKPOINT)
        data: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickles.OverLimitError:
        raise ModelError(
            f"The base model {path} asks for far more than its tensors, so it was not opened; get "
            "it again, as a .safetensors file if there is one."
        ) from None
    except pickle.UnpicklingError:
        raise ModelError(
            f"{path} holds more than tensors, which could run code of others when opened; use the "
            "model's .safetensors file, or convert it where you trust it."
        ) from None
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        LookupError,
        TypeError,
        zipfile.BadZipFile,
    ) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise ModelError(f"The base model {path} cannot be read: {reason}.") from None
    tensors = data.get("state_dict", data) if isinstance(data, dict) else {}
    return {str(name): value for name, value in tensors.items() if isinstance(value, torch.Tensor)}
