"""Cells that were drawn before: a picture is found by a hash of all that determines it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from textual_inversion.errors import DatasetError
from textual_inversion.generation.params import SamplingParams
from textual_inversion.images.files import open_image
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.storage.atomic import write_whole

# Changes when the same parameters begin to give other pictures.
_FORMAT = 2
_LIBRARIES = ("torch", "diffusers", "transformers")


class CellCache:
    """The folder of all cells drawn so far; it may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, digest: str) -> Path | None:
        """Find the picture of a digest; None where there is none that can be opened."""
        path = self.path(digest)
        try:
            with open_image(path) as picture:
                picture.load()
        except (OSError, ValueError, DatasetError, Image.DecompressionBombError):
            return None
        return path

    def add(self, digest: str, picture: Path) -> None:
        """Keep a copy of a picture."""
        write_whole(self.path(digest), picture.read_bytes())

    def path(self, digest: str) -> Path:
        """Return where the picture of a digest is or would be."""
        return self.folder / f"{digest}.png"


def digest(model: BaseModel, params: SamplingParams, words: LearnedTokens) -> str:
    """Hash what determines a picture: the base model, the parameters, the vectors, and libraries.

    Of the base model these are its UNet's content and the names, sizes and times of all its files.
    """
    described = {
        "format": _FORMAT,
        "model": [model.hash, model.vae_hash, _files(model), str(model.dtype), model.device.type],
        "params": asdict(params),
        "pictures": _pictures(params),
        "words": {name: _content(vectors) for name, vectors in sorted(words.items())},
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
    text = json.dumps(described, sort_keys=True, default=_hash_of)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _pictures(params: SamplingParams) -> list[str]:
    """Hash the picture to begin from and its mask: a path alone does not tell what is there."""
    paths = [params.init.path, params.init.mask] if params.init else []
    return [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths if path]


def _files(model: BaseModel) -> list[tuple[str, int, int]]:
    folder = model.info.folder
    paths = {folder} if folder.is_file() else set(folder.glob("*/*"))
    for encoder in model.text.encoders:  # a separate tokenizer lies elsewhere
        if source := encoder.tokenizer.name_or_path:
            paths |= set(Path(source).iterdir())
    facts = [(str(path), path.stat()) for path in sorted(paths)]
    return [(name, facts.st_size, facts.st_mtime_ns) for name, facts in facts]


def _content(vectors: tuple[Any, ...]) -> str:
    parts = (tensor.detach().float().cpu().contiguous().numpy().tobytes() for tensor in vectors)
    shapes = [tuple(tensor.shape) for tensor in vectors]
    return hashlib.sha256(repr(shapes).encode() + b"".join(parts)).hexdigest()


def _hash_of(value: Any) -> str:
    """Hash what JSON cannot write, such as a picture among the parameters."""
    data = value.tobytes() if hasattr(value, "tobytes") else repr(value).encode()
    return hashlib.sha256(data).hexdigest()
