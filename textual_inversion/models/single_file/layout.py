"""Detect what a single-file checkpoint holds from the names and shapes of its tensors.

Light for .safetensors, of which only the header is read; a .ckpt is a pickle, of which only
tensors are accepted. The names are those of the CompVis and Stability AI code bases.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
_FLOATS = ("F", "BF")
_PREDICTIONS = {"epsilon": "epsilon", "v": "v_prediction", "v_prediction": "v_prediction"}


@dataclass(frozen=True)
class CheckpointLayout:
    """A checkpoint's model family and format, and the shapes of its tensors by name."""

    family: ModelFamily
    format: SingleFile
    shapes: Shapes
    metadata: Mapping[str, str]
    """What the header of a .safetensors file says besides, as in the Model Metadata Standard."""

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
    def prediction(self) -> str | None:
        """What the UNet predicts; None where the file does not say and only the UNet can.

        The empty tensor "v_pred" says it, or the metadata's "modelspec.prediction_type".
        """
        if "v_pred" in self.shapes:
            return "v_prediction"
        if stated := _PREDICTIONS.get(self.metadata.get("modelspec.prediction_type", "")):
            return stated
        return None if self.format.prediction_varies else self.format.schedule["prediction_type"]

    @property
    def schedule(self) -> dict[str, Any]:
        """The format's noise schedule as a diffusers scheduler configuration.

        The empty tensor "ztsnr" stands for zero terminal SNR.
        """
        config = {**self.format.schedule, "rescale_betas_zero_snr": "ztsnr" in self.shapes}
        if self.prediction:
            config["prediction_type"] = self.prediction
        return config


def read_checkpoint_layout(path: Path) -> CheckpointLayout:
    """Read a checkpoint's layout; cached until the file changes.

    Raises:
        ModelError: It cannot be read, or is of no supported model family.
    """
    return _read_layout(path, path.stat().st_mtime)


@lru_cache(maxsize=8)
def _read_layout(path: Path, _: float) -> CheckpointLayout:
    shapes, metadata = read_shapes(path)
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
    return CheckpointLayout(*found[0], shapes, metadata)


def _has(shapes: Mapping[str, Any], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)


def _has_table(shapes: Shapes, prefix: str) -> bool:
    return any(_is_table(name, prefix) for name in shapes)


def _is_table(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name.endswith("token_embedding.weight")


def read_shapes(path: Path) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """Read the shapes of a file's tensors by name, and its metadata.

    Raises:
        ModelError: It cannot be read, or holds more than tensors.
    """
    if path.suffix.lower() != ".safetensors":
        return {name: tuple(value.shape) for name, value in read_pickled(path).items()}, {}
    with _header_faults(path):
        header = _read_header(path)
        metadata = header.pop("__metadata__", None) or {}
        shapes = {
            name: tuple(int(side) for side in entry["shape"]) for name, entry in header.items()
        }
        return shapes, {str(key): str(value) for key, value in metadata.items()}


def check_header(path: Path) -> None:
    """Check that a .safetensors file is whole and that its weights are floating-point numbers.

    Raises:
        ModelError: It is damaged, or has weights of another type.
    """
    with _header_faults(path):
        types = {
            name: str(entry["dtype"])
            for name, entry in _read_header(path).items()
            if name != "__metadata__"
        }
    wrong = next(
        (
            name
            for name, type_ in types.items()
            if name.endswith("weight") and not type_.startswith(_FLOATS)
        ),
        None,
    )
    if wrong:
        raise ModelError(
            f"The weights in {path} are of the type {types[wrong][:20]}, not "
            "floating-point numbers; use the model in full or half precision."
        )


@contextmanager
def _header_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise _damaged(path, "its header is nested too deeply") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise _damaged(path, f"its header cannot be read: {str(error)[:200]}") from None


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(
        f"The base model {path} is damaged or not a safetensors file ({why}); copy it again."
    )


def _read_header(path: Path) -> dict[str, Any]:
    """Read the JSON header of a .safetensors file, and check that the file is as long as it says.

    The format: https://github.com/huggingface/safetensors#format.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _MAX_HEADER_BYTES:
            raise ValueError("it is too long")
        text = file.read(length)
    if text.count(b"{") > _MAX_TENSORS:
        raise ValueError("it lists too many tensors")
    header = json.loads(text)
    ends = (int(entry["data_offsets"][1]) for name, entry in header.items() if name[:2] != "__")
    missing = 8 + length + max(ends, default=0) - path.stat().st_size
    if missing > 0:
        raise ValueError(f"the file ends {missing:,} bytes early")
    return header


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
