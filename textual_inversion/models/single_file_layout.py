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
from typing import Any, Literal

from textual_inversion.errors import ModelError

Kind = Literal["sd1", "sd2", "sdxl"]
SUFFIXES = (".safetensors", ".ckpt")
UNET = "model.diffusion_model."
VAE = "first_stage_model."
_LONGEST_HEADER = 16 << 20  # those of whole models take half a megabyte
_MOST_TENSORS = 50_000
_SIZES: dict[Kind, int] = {"sd1": 512, "sd2": 768, "sdxl": 1024}
# Where each kind keeps the tables of its text encoders.
TEXTS: dict[Kind, tuple[str, ...]] = {
    "sd1": ("cond_stage_model.transformer.",),
    "sd2": ("cond_stage_model.model.",),
    "sdxl": ("conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."),
}


@dataclass(frozen=True)
class CheckpointLayout:
    """The kind of a checkpoint and the shapes of its tensors by name."""

    kind: Kind
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Give the pixels of a side that models of this kind are made for."""
        return _SIZES[self.kind]

    @property
    def tables(self) -> tuple[tuple[int, ...], ...]:
        """Give the shape (words, width) of each text encoder's table."""
        return tuple(
            next(
                shape
                for name, shape in self.shapes.items()
                if name.startswith(text) and name.endswith("token_embedding.weight")
            )
            for text in TEXTS[self.kind]
        )

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
        """Give the noise schedule of models of this kind, as diffusers names it.

        Velocity models of SDXL carry the empty tensors "v_pred" and "ztsnr"; of SD 2.x the files
        do not tell, and the more common one, at 768 pixels, is taken.
        """
        velocity = self.kind == "sd2" or "v_pred" in self.shapes
        return {
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": 1000,
            "clip_sample": False,
            "set_alpha_to_one": False,
            "steps_offset": 1,
            "prediction_type": "v_prediction" if velocity else "epsilon",
            "rescale_betas_zero_snr": "ztsnr" in self.shapes,
        }


def read_checkpoint_layout(path: Path) -> CheckpointLayout:
    """Tell what a checkpoint file holds.

    Raises:
        ModelError: It cannot be read, or is no Stable Diffusion 1.x, 2.x or XL.
    """
    return _read_layout(path, path.stat().st_mtime)


@lru_cache(maxsize=8)
def _read_layout(path: Path, _: float) -> CheckpointLayout:
    shapes = _header(path) if path.suffix.lower() == ".safetensors" else _pickled_shapes(path)
    kinds: list[Kind] = [
        kind for kind, texts in TEXTS.items() if all(_has_table(shapes, t) for t in texts)
    ]
    if len(kinds) != 1 or not _has(shapes, UNET) or not _has(shapes, VAE):
        raise ModelError(
            f"{path} is no whole Stable Diffusion 1.x, 2.x or XL model (UNet, VAE and text "
            "encoders in one file); embeddings are trained on those only."
        )
    channels = shapes.get(UNET + "input_blocks.0.0.weight", (0, 0))[1]
    if channels != 4:
        raise ModelError(
            f"{path} is a model for inpainting or the like (its UNet takes {channels} channels, "
            "not 4); use the base model that it was made from."
        )
    return CheckpointLayout(kinds[0], shapes)


def _has(shapes: Mapping[str, Any], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)


def _has_table(shapes: Mapping[str, Any], prefix: str) -> bool:
    return any(n.startswith(prefix) and n.endswith("token_embedding.weight") for n in shapes)


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
    except pickles.TooMuchError:
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
