"""How a file is laid out, which is all that other programs' loaders go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import safetensors
import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats import png, pt
from textual_inversion.embeddings.formats.validation import is_tensor

Shape = tuple[int, ...]
Kind = Literal["dict", "tensor", "list", "list of dicts"]


@dataclass(frozen=True)
class Layout:
    """A file's outside and the shapes inside it."""

    path: Path
    kind: Kind
    keys: Mapping[str, Shape | None]
    """The dict's keys in the file's order: a tensor's shape, None for any other value."""
    params: Mapping[str, Shape] | None = None
    """What lies under `string_to_param`, if that is there."""
    name: str | None = None
    """The name stored inside."""
    zip_names: tuple[str, ...] = field(default=())
    loads_plainly: bool = True
    """Whether torch.load takes it without further permissions."""

    @property
    def suffix(self) -> str:
        """The file's ending, in lower case."""
        return self.path.suffix.lower()

    @property
    def tensors(self) -> dict[str, Shape]:
        """The shapes of the dict's own tensors."""
        return {key: shape for key, shape in self.keys.items() if shape is not None}


def read_layout(path: Path) -> Layout:
    """Describe a file that `formats.read_all` has read: it is believed to be harmless.

    Raises:
        EmbeddingError: It has changed since and cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in formats.SAFETENSORS:
        with safetensors.safe_open(path, framework="pt") as file:
            shapes = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
        return Layout(path, "dict", shapes)
    if suffix in formats.PICTURES:
        return _described(path, png.content(path))
    return _described(
        path, pt.load(path), zip_names=pt.zip_names(path), loads_plainly=pt.loads_plainly(path)
    )


def _described(
    path: Path,
    data: object,
    *,
    zip_names: tuple[str, ...] = (),
    loads_plainly: bool = True,
) -> Layout:
    if not isinstance(data, dict):
        return Layout(path, _kind(data), {}, zip_names=zip_names, loads_plainly=loads_plainly)
    name = data.get("name")
    return Layout(
        path,
        "dict",
        {str(key): _shape(value) for key, value in data.items()},
        _params(data.get("string_to_param")),
        name if isinstance(name, str) else None,
        zip_names,
        loads_plainly,
    )


def _kind(data: object) -> Kind:
    if is_tensor(data):
        return "tensor"
    items = data if isinstance(data, list) else []
    return "list of dicts" if items and all(isinstance(i, dict) for i in items) else "list"


def _params(params: object) -> dict[str, Shape] | None:
    if isinstance(params, torch.nn.ParameterDict):
        params = vars(params).get("_parameters")
    if not isinstance(params, dict):
        return None
    return {str(key): _shape(value) or () for key, value in params.items()}


def _shape(value: object) -> Shape | None:
    return tuple(value.shape) if is_tensor(value) else None
