"""DeepDanbooru, which tags pictures: its own Keras projects, and the PyTorch port of its v3.

Both take (B, H, W, 3) fp32 in [0, 1] and return a score for each tag. The picture is scaled to fit
and its border replicated to fill the rest, as in the original package.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from preprocessing.captioners.base import captioning_errors, free_memory, require_package
from preprocessing.captioners.deepdanbooru.network import Network
from preprocessing.captioners.tagging import Tagging
from textual_inversion.errors import ModelError
from textual_inversion.events import Event, Loading
from textual_inversion.settings import PreprocessSettings
from textual_inversion.storage.paths import find_folder

NAME = "DeepDanbooru"
_PORT = "model-resnet_custom_v3.pt"
_PROJECT = "project.json"
_RATING = "rating:"


def check(settings: PreprocessSettings) -> None:
    """Raise a ModelError if a package or files of the model are missing."""
    path = find_model(settings.deepdanbooru_model)
    if path.is_dir():
        _check_project(path)
    elif not path.stat().st_size:
        raise ModelError(f"{path} is an empty file; download it again.")


def describe(settings: PreprocessSettings) -> str:
    """Describe where the model is."""
    return f"ready, {find_model(settings.deepdanbooru_model)}"


def load(
    settings: PreprocessSettings, stop: threading.Event
) -> Generator[Event, None, DeepDanbooru]:
    """Load the model that the settings name."""
    del stop  # nothing is downloaded
    path = find_model(settings.deepdanbooru_model)
    yield Loading(f"{NAME} from {path}")
    if path.is_dir():
        from preprocessing.captioners.deepdanbooru.keras_project import open_project

        network = open_project(path)
    else:
        from preprocessing.captioners.deepdanbooru.pytorch_port import open_port

        network = open_port(path)
    return DeepDanbooru(network, settings.deepdanbooru_threshold, Tagging.of(settings))


class DeepDanbooru:
    """A loaded model."""

    def __init__(self, network: Network, threshold: float, tagging: Tagging) -> None:
        self._network = network
        self._threshold = threshold
        self._tagging = tagging

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """Write the tags of each picture."""
        import numpy as np

        size = (self._network.width, self._network.height)
        batch = np.stack([resize_picture(picture, size) for picture in pictures])  # (B, H, W, 3)
        with captioning_errors(NAME):
            scores = self._network.score(batch)
        return [self._words(row.tolist()) for row in scores]

    def close(self) -> None:
        del self._network
        free_memory()

    def _words(self, scores: Sequence[float]) -> str:
        pairs = zip(self._network.tags, scores, strict=True)
        return self._tagging.caption(
            (tag, score)
            for tag, score in pairs
            if score >= self._threshold and not tag.startswith(_RATING)
        )


def find_model(name: str) -> Path:
    """Find a project's folder or the port's file, by path or under models/."""
    paths = [Path(name).expanduser(), find_folder(name), find_folder("models") / name]
    for path in paths if name.strip() else []:
        for found in (path, path / _PORT):
            if found.suffix == ".pt" and found.is_file():
                return found
        if (path / _PROJECT).is_file():
            return path
    if any(path.is_dir() for path in paths):
        raise ModelError(
            f"The folder {name} has no {NAME} model; put a project ({_PROJECT}, tags.txt and a "
            f"Keras model) or {_PORT} there."
        )
    raise ModelError(
        f"There is no {NAME} model at {name}; unpack a project of its releases there (with "
        f"{_PROJECT} and tags.txt), or put {_PORT} there."
    )


def _check_project(folder: Path) -> None:
    for package in ("keras", "h5py"):
        require_package(package, captioner=f"{NAME}'s Keras project {folder}", extra="deepdanbooru")
    from preprocessing.captioners.deepdanbooru.keras_project import (
        find_network,
        read_tags,
        refuse_code,
    )

    refuse_code(find_network(folder))
    if not read_tags(folder):
        raise ModelError(f"{folder / 'tags.txt'} has no tags; unpack the project again.")


def resize_picture(picture: Image.Image, size: tuple[int, int]) -> Any:
    """Resize a picture to fit `size` and replicate its border: (H, W, 3) fp32 in [0, 1]."""
    import numpy as np

    scale = min(size[0] / picture.width, size[1] / picture.height)
    width = min(size[0], max(1, round(picture.width * scale)))
    height = min(size[1], max(1, round(picture.height * scale)))
    filtering = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    pixels = np.asarray(picture.resize((width, height), filtering), dtype=np.float32) / 255
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    padding = ((top, size[1] - height - top), (left, size[0] - width - left), (0, 0))
    return np.pad(pixels, padding, mode="edge")
