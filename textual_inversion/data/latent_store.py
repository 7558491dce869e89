"""Latent moments on disk beside the data, found by what they were computed from.

A file's name is the hash of the pixels as trained, their size, the autoencoder's weights and its
precision: whatever changes, another file is looked for, and any run may share what fits.
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
    """Keeps the moments of single pictures, (1, C, H, W) each, as safetensors files."""

    def __init__(self, folder: Path, model: BaseModel) -> None:
        self.folder = folder
        self.problem = ""
        """Why nothing can be written, in one sentence; empty while it can."""
        vae = model.vae
        self._prefix = b"/".join((_VERSION, model.vae_hash.encode(), str(vae.dtype).encode()))

    def read(self, picture: Image.Image) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Give the mean and spread of a picture; None where there is no file, or a broken one."""
        path = self._path(picture)
        try:
            found = safetensors.torch.load(path.read_bytes())
            mean, std = found["mean"], found["std"]
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            logging.getLogger(__name__).warning("%s is computed anew: %s", path, error)
            return None
        sound = mean.ndim == 4 and mean.shape == std.shape
        return (mean, std) if sound and bool(torch.isfinite(mean + std).all()) else None

    def write(self, picture: Image.Image, mean: torch.Tensor, std: torch.Tensor) -> None:
        """Keep the moments of a picture; a folder that cannot be written to is no obstacle."""
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
