"""Detect what a single-file checkpoint holds from the names and shapes of its tensors.

Light for .safetensors, of which only the header is read; a .ckpt is a pickle, of which only
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
from textual_inversion.models.families import list_single_files, list_titles
from textual_inversion.models.families.base import ModelFamily, Shapes, SingleFile, Sizes

SUFFIXES = (".safetensors", ".ckpt")
UNET = "model.diffusion_model."
VAE = "first_stage_model."
_MAX_HEADER_BYTES = 16 << 20  # those of whole models take half a megabyte
_MAX_TENSORS = 50_000


@dataclass(frozen=True)
class CheckpointLayout:
    """A checkpoint's model family and format, and the shapes of its tensors by name."""

    family: ModelFamily
    format: SingleFile
    shapes: Shapes

    @property
    def sizes(self) -> Sizes:
        """The sizes, from the format and the shapes."""
        widths = tuple(self.token_table_shape(keys.prefix)[1] for keys in self.format.text_encoders)
        return Sizes(self.format.size, widths, self.vae_scale_factor)

    def token_table_shape(self, prefix: str) -> tuple[int, ...]:
        """Return the shape (vocabulary, width) of a text encoder's token embedding."""
        return next(shape for name, shape in self.shapes.items() if _is_table(name, prefix))

    @property
    def vae_scale_factor(self) -> int:
        """Pixels of a side per latent."""
        return 2 ** (self.count(VAE + "encoder.down.") - 1)

    def count(self, prefix: str) -> int:
        """Count the blocks named prefix0, prefix1, ..."""
        rest = {
            name[len(prefix) :].split(".")[0] for name in self.shapes if name.startswith(prefix)
        }
        return len({number for number in rest if number.isdigit()})

    @property
    def schedule(self) -> dict[str, Any]:
        """The format's noise schedule as a diffusers scheduler configuration.

        The empty tensors "v_pred" and "ztsnr" in a file override it.
        """
        config = {**self.format.schedule, "rescale_betas_zero_snr": "ztsnr" in self.shapes}
        if "v_pred" in self.shapes:
            config["prediction_type"] = "v_prediction"
        return config


def read_checkpoint_layout(path: Path) -> CheckpointLayout:
    """Read a checkpoint's layout; cached until the file changes.

    Raises:
        ModelError: It cannot be read, or is of no supported model family.
    """
    return _read_layout(path, path.stat().st_mtime)


@lru_cache(maxsize=8)
def _read_layout(path: Path, _: float) -> CheckpointLayout:
    shapes = _header(path) if path.suffix.lower() == ".safetensors" else _pickled_shapes(path)
    found = [
        (family, layout)
        for family, layout in list_single_files()
        if all(_has_table(shapes, keys.prefix) for keys in layout.text_encoders)
    ]
    if len(found) != 1 or not _has(shapes, UNET) or not _has(shapes, VAE):
        raise ModelError(
            f"{path} is not a complete {list_titles()} model (UNet, VAE and text encoders in one "
            "file), which training needs; use such a file or a diffusers folder."
        )
    channels = shapes.get(UNET + "input_blocks.0.0.weight", (0, 0))[1]
    if channels != 4:
        raise ModelError(
            f"{path} is a model for inpainting or the like (its UNet has {channels} input "
            "channels, not 4); use the base model that it was made from."
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
            if length > _MAX_HEADER_BYTES:
                raise ValueError("its header is too long")
            text = file.read(length)
            if text.count(b"{") > _MAX_TENSORS:
                raise ValueError("it lists too many tensors")
            header = json.loads(text)
        return {
            name: tuple(int(side) for side in entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except RecursionError:
        raise ModelError(
            f"The base model {path} is damaged (its header is nested too deeply); copy it again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise ModelError(
            f"The base model {path} is damaged or not a safetensors file ({error}); copy it again."
        ) from None


def _pickled_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in read_pickled(path).items()}


def read_pickled(path: Path) -> dict[str, Any]:
    """Load the tensors of a .ckpt, memory-mapped; anything but tensors is a ModelError."""
    import pickle
    import zipfile

    import torch

    from textual_inversion.storage import pickles

    try:
        pickles.check_zip(str(path), pickles.CHECKPOINT)
        data: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickles.OverLimitError:
        raise ModelError(
            f"The base model {path} was not opened because its pickle exceeds the limits for a "
            "checkpoint; download it again, as a .safetensors file if there is one."
        ) from None
    except pickle.UnpicklingError:
        raise ModelError(
            f"{path} contains more than tensors, which could run code when loaded; use the model's "
            ".safetensors file, or convert it to one if you trust its source."
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
