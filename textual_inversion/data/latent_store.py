"""Latent moments on disk beside the data, addressed by what they were computed from.

A file's name is the hash of the pixels as trained, their size, the VAE's weights and its precision,
so a change of any leads to another file, and runs share the files that apply.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import safetensors.torch
import torch
from PIL import Image
from safetensors import SafetensorError

from textual_inversion.errors import StorageError
from textual_inversion.models.base import BaseModel
from textual_inversion.storage.atomic import write_whole

FOLDER = ".latents"
_VERSION = b"1"


class LatentStore:
    """Stores the moments of single pictures, (1, C, H, W) each, as safetensors files."""

    def __init__(self, folder: Path, model: BaseModel) -> None:
        self.folder = folder
        self.problem = ""
        """Why nothing can be written, as a sentence; empty if it can."""
        vae = model.vae
        self._prefix = b"/".join((_VERSION, model.vae_hash.encode(), str(vae.dtype).encode()))

    def read(self, picture: Image.Image) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return a picture's mean and standard deviation; None if there is no valid file."""
        path = self._path(picture)
        try:
            stored = safetensors.torch.load(path.read_bytes())
            mean, std = stored["mean"], stored["std"]
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            logging.getLogger(__name__).warning("%s is computed anew: %s", path, error)
            return None
        is_valid = mean.ndim == 4 and mean.shape == std.shape
        return (mean, std) if is_valid and bool(torch.isfinite(mean + std).all()) else None

    def write(self, picture: Image.Image, mean: torch.Tensor, std: torch.Tensor) -> None:
        """Store the moments of a picture; a write error only sets `problem`."""
        if self.problem:
            return
        moments = {"mean": mean.contiguous(), "std": std.contiguous()}
        try:
            write_whole(self._path(picture), safetensors.torch.save(moments))
        except StorageError as error:
            self.problem = f"The latents are kept in memory only. {error}"

    def _path(self, picture: Image.Image) -> Path:
        digest = hashlib.sha256(self._prefix)
        digest.update(f"/{picture.mode}/{picture.width}x{picture.height}/".encode())
        digest.update(picture.tobytes())
        return self.folder / f"{digest.hexdigest()[:32]}.safetensors"
