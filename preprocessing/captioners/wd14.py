"""WD14-type taggers: an ONNX model and the list of its tags, selected_tags.csv.

The model takes (B, H, W, 3) fp32 in [0, 255], BGR, and returns a score for each line of the
list. Lines of category 9 are ratings, of 4 characters; all others count as general.
"""

from __future__ import annotations

import csv
import importlib
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from preprocessing.captioners.base import UncaptionedError, require_package
from preprocessing.captioners.tagging import Tagging
from preprocessing.captioners.weights import Weights, fetch, find_weights
from textual_inversion.errors import ModelError, exceptions_of
from textual_inversion.events import Event, Loading
from textual_inversion.settings import PreprocessSettings

NAME = "WD14"
_FILES = ("model.onnx", "selected_tags.csv")
_CHARACTER, _RATING = "4", "9"
_PREFERRED = ("CUDAExecutionProvider", "CPUExecutionProvider")


@dataclass(frozen=True)
class Tag:
    """A tag and the minimum score for it to be written; None: never."""

    name: str
    threshold: float | None


def check(settings: PreprocessSettings) -> None:
    """Raise a ModelError if a package or files of the model are missing."""
    require_package("onnxruntime", captioner=NAME, extra="wd14")
    weights = _weights(settings)
    weights.check()
    if weights.folder:
        read_tags(weights.folder / _FILES[1], settings)


def describe(settings: PreprocessSettings) -> str:
    """Describe where the model is or will be downloaded from."""
    return str(_weights(settings))


def load(settings: PreprocessSettings, stop: threading.Event) -> Generator[Event, None, WD14]:
    """Load the tagger that the settings name."""
    weights = _weights(settings)
    folder = yield from fetch(weights, _FILES, stop=stop)
    yield Loading(f"{NAME} from {folder}")
    return WD14(folder, read_tags(folder / _FILES[1], settings), Tagging.of(settings))


class WD14:
    """A loaded tagger."""

    def __init__(self, folder: Path, tags: Sequence[Tag], tagging: Tagging) -> None:
        runtime: Any = importlib.import_module("onnxruntime")
        providers = [one for one in _PREFERRED if one in runtime.get_available_providers()]
        path = folder / _FILES[0]
        try:
            self._session: Any = runtime.InferenceSession(str(path), providers=providers)
        except _onnx_errors() as error:
            raise ModelError(f"{path} is not a loadable ONNX model: {error}") from error
        source = self._session.get_inputs()[0]
        self._input, self._batch, self._size = source.name, source.shape[0], source.shape[1]
        self._tags, self._tagging = tags, tagging
        self._check_shape(path, source.shape, self._session.get_outputs()[0].shape)

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """Write the tags of each picture."""
        import numpy as np

        batch = np.stack(
            [resize_picture(picture, self._size) for picture in pictures]
        )  # (B, H, W, 3)
        # Some are exported for one picture at a time.
        parts = np.split(batch, len(batch)) if self._batch == 1 else [batch]
        try:
            scores = [self._session.run(None, {self._input: part})[0] for part in parts]
        except _onnx_errors() as error:
            raise UncaptionedError(f"could not be captioned by {NAME}: {error}") from error
        return [self._words(row) for row in np.concatenate(scores)]

    def close(self) -> None:
        del self._session

    def _words(self, scores: Any) -> str:
        pairs = zip(self._tags, scores.tolist(), strict=True)
        return self._tagging.caption(
            (tag.name, score)
            for tag, score in pairs
            if tag.threshold is not None and score >= tag.threshold
        )

    def _check_shape(
        self, path: Path, input_shape: Sequence[Any], output_shape: Sequence[Any]
    ) -> None:
        if len(input_shape) != 4 or input_shape[3] != 3 or not isinstance(input_shape[1], int):
            raise ModelError(
                f"{path} is not a WD14 tagger: its input is {list(input_shape)} instead of a batch "
                "of pictures of a fixed size, channels last."
            )
        if isinstance(output_shape[-1], int) and output_shape[-1] != len(self._tags):
            raise ModelError(
                f"{path} and {_FILES[1]} do not match: the model scores {output_shape[-1]} tags, "
                f"the list has {len(self._tags)}."
            )


def read_tags(path: Path, settings: PreprocessSettings) -> list[Tag]:
    """Read the list of tags, with the threshold of each."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"name", "category"}.issubset(reader.fieldnames or ()):
                raise ValueError("it needs columns name and category")
            rows = [(row["name"], row["category"]) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise ModelError(f"{path} is not a list of tags: {error}.") from error
    thresholds = {_RATING: None, _CHARACTER: settings.wd14_character_threshold}
    return [Tag(name, thresholds.get(kind, settings.wd14_threshold)) for name, kind in rows]


def resize_picture(picture: Image.Image, size: int) -> Any:
    """Pad a picture with white to a square and resize it: (H, W, 3) fp32 in [0, 255], BGR."""
    import numpy as np

    edge = max(picture.size)
    square = Image.new("RGB", (edge, edge), "white")
    square.paste(picture, ((edge - picture.width) // 2, (edge - picture.height) // 2))
    scaled = square.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(scaled, dtype=np.float32)[:, :, ::-1]


def _weights(settings: PreprocessSettings) -> Weights:
    return find_weights(settings.wd14_model, captioner=NAME, files=_FILES)


def _onnx_errors() -> tuple[type[Exception], ...]:
    """List the exceptions of ONNX Runtime's own code."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return tuple(exceptions_of(state))
