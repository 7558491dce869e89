"""DeepDanbooru's own project folders: project.json, tags.txt, and a Keras model beside them.

Keras runs on torch here, so TensorFlow is not needed. A model file may contain code (Lambda layers,
classes of other packages); such a file is refused before it is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.captioners.deepdanbooru.network import Network
from textual_inversion.errors import ModelError

# The modules of network components in Keras 2 and 3; other modules have functions that read, write
# or download.
_SAFE_MODULES = frozenset((
    "activations", "constraints", "dtype_policies", "engine", "initializers", "layers",
    "mixed_precision", "models", "regularizers",
))  # fmt: skip
_WITH_CODE = frozenset((
    "Lambda", "function", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer",
))  # fmt: skip


def open_project(folder: Path) -> Network:
    """Load a project; ModelError if it cannot be used."""
    path, tags = find_network(folder), read_tags(folder)
    refuse_code(path)
    model = _opened(path)
    shape, num_scores = model.input_shape, model.output_shape[-1]
    if isinstance(shape, list) or len(shape) != 4 or None in shape[1:]:
        raise ModelError(
            f"{path} does not take one picture of a fixed size, so it is not a tagger."
        )
    if num_scores != len(tags):
        raise ModelError(
            f"{path} and tags.txt do not match: the network scores {num_scores} tags, "
            f"the list has {len(tags)}."
        )
    height, width = shape[1:3]
    return Network(width, height, tags, lambda batch: _scores(model, batch))


def find_network(folder: Path) -> Path:
    """Find the model that project.json names."""
    path = folder / "project.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} does not name a model: {error}.") from error
    for extension in (".keras", ".h5"):
        network = folder / f"model-{kind}{extension}"
        if network.is_file():
            return network
    raise ModelError(f"The project {folder} has no model-{kind}.keras and no model-{kind}.h5.")


def read_tags(folder: Path) -> list[str]:
    """Read the list of tags, one a line."""
    path = folder / "tags.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error
    return [line.strip() for line in lines if line.strip()]


def refuse_code(path: Path) -> None:
    """Raise ModelError when a model's description asks for anything but Keras's own layers."""
    try:
        config = _zip_config(path) if path.suffix == ".keras" else _h5_config(path)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is not a Keras model: {error}.") from error
    for part in _objects(config):
        name, module = str(part["class_name"]), str(part.get("module") or "keras")
        if name in _WITH_CODE or not _is_harmless(module):
            raise ModelError(
                f"{path} contains code ({name} of {module}), which is not run; use a model of "
                "Keras's own layers."
            )


def _is_harmless(module: str) -> bool:
    root, *parts = [part for part in module.split(".") if part != "src"]
    return root == "keras" and (not parts or parts[0] in _SAFE_MODULES)


def _zip_config(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    config.pop("compile_config", None)  # not used when loading without compiling
    return config


def _h5_config(path: Path) -> Any:
    h5py: Any = importlib.import_module("h5py")
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["model_config"])


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "class_name" in part:
                yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _opened(path: Path) -> Any:
    os.environ["KERAS_BACKEND"] = "torch"
    keras: Any = importlib.import_module("keras")
    norm: Any = keras.layers.BatchNormalization

    class BatchNormalization(norm):
        """Accepts the axis as a list, as Keras 2 stored it."""

        def __init__(self, axis: Any = -1, **options: Any) -> None:
            super().__init__(axis=axis[0] if isinstance(axis, list) else axis, **options)

    # Keras 2 stored a list of one input; a single tensor works, too.
    warnings.filterwarnings("ignore", message="The structure of `inputs`")
    try:
        return keras.saving.load_model(
            path, custom_objects={"BatchNormalization": BatchNormalization}, compile=False
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path} cannot be loaded by Keras: {reason}") from error


def _scores(model: Any, batch: Any) -> Any:
    numpy: Any = importlib.import_module("numpy")
    torch: Any = importlib.import_module("torch")
    with torch.inference_mode():
        return numpy.asarray(model(batch, training=False).cpu())
