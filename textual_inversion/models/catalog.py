"""Find base models and read their configuration. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError
from textual_inversion.models.checks.config import read_config, read_index
from textual_inversion.models.families import find_family, list_titles
from textual_inversion.models.families.base import (
    ModelFamily,
    text_encoder_names,
    tokenizer_names,
)
from textual_inversion.models.hub import fetch, find_cached, is_hub_name
from textual_inversion.models.listing.folders import added_folders
from textual_inversion.models.listing.scanning import scan
from textual_inversion.models.listing.vaes import is_vae_file
from textual_inversion.models.single_file.layout import SUFFIXES, read_checkpoint_layout
from textual_inversion.storage.paths import find_folder


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a base model without loading its weights.

    `folder` is a diffusers folder, or a single file.
    """

    name: str
    folder: Path
    family: ModelFamily
    size: int
    """Native width and height in pixels."""
    widths: tuple[int, ...]
    """Width of the vectors for each text encoder, for example 768 in SD 1.x, 1024 in 2.x."""
    vae_scale_factor: int
    """Pixels of a side per latent, 8 for Stable Diffusion."""

    @property
    def is_single_file(self) -> bool:
        """Whether the model is one .safetensors or .ckpt file."""
        return self.folder.is_file()

    @property
    def changed_at(self) -> float:
        """The modification time, which tells another model at the same path apart."""
        path = self.folder if self.is_single_file else self.folder / "model_index.json"
        return path.stat().st_mtime


def list_models() -> list[str]:
    """List the base models of the scanned folders, the one that ships with the project first."""
    return [name for name, path in scan().items() if not is_vae_file(path)]


def find_model(name: str) -> Path:
    """Find a model by path, by its name under models/, or in the Hub's cache.

    It is a diffusers folder or a single file.
    """
    if not name.strip():
        raise ModelError("No base model is chosen; pick one, such as models/pocket.")
    if found := _find_here(name):
        return found
    if is_hub_name(name):
        raise ModelError(
            f'There is no base model "{name}" on this machine; a model of that name on the Hugging '
            "Face Hub is downloaded when training or generation first uses it."
        )
    known = ", ".join(list_models()) or "none"
    raise ModelError(
        f'There is no base model "{name}"; give the path of a diffusers folder or of a '
        f".safetensors or .ckpt file, or one of: {known}."
    )


def is_here(name: str) -> bool:
    """Whether a model need not be downloaded first: it is on this machine, or there is none."""
    return not is_hub_name(name) or _find_here(name) is not None


def fetch_model(name: str, *, progress_bar: type[Any] | None = None) -> ModelInfo:
    """Describe a model, downloaded first if it is named as on the Hub and not here yet.

    `progress_bar` is a class like tqdm's for the download.
    """
    found = find_model(name) if is_here(name) else fetch(name, progress_bar=progress_bar)
    return describe(found, name)


def _find_here(name: str) -> Path | None:
    folders = (find_folder("models"), *added_folders())
    candidates = (Path(name).expanduser(), find_folder(name), *(place / name for place in folders))
    for path in candidates:
        if (path / "model_index.json").is_file():
            return path.resolve()
        if _is_checkpoint(path):
            # Not resolved: a link into a cache may lose the suffix.
            return path.absolute()
    if any(path.is_dir() for path in candidates):
        raise ModelError(
            f'The folder "{name}" is not a base model: it has no model_index.json; give a '
            "diffusers folder."
        )
    return find_cached(name) if is_hub_name(name) else None


def _is_checkpoint(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def describe_model(name: str) -> ModelInfo:
    """Read a model's configuration files, or the names and shapes in a single file."""
    return describe(find_model(name), name)


def describe(folder: Path, name: str) -> ModelInfo:
    """Read what is known of the model in a diffusers folder or single file, called `name`.

    Raises:
        ModelError: It is damaged or of another family.
    """
    try:
        return _describe_file(folder) if _is_checkpoint(folder) else _describe_folder(folder, name)
    except (LookupError, TypeError, ValueError, ArithmeticError, StopIteration) as error:
        raise ModelError(
            f'The configuration of the model "{name}" is invalid ({type(error).__name__}: '
            f"{str(error)[:100]}); copy the model again."
        ) from None


def _describe_folder(folder: Path, name: str) -> ModelInfo:
    pipeline = read_index(folder / "model_index.json")
    family = find_family(pipeline)
    if family is None:
        raise ModelError(
            f'The model "{name}" is a {pipeline}; embeddings are trained on {list_titles()} only.'
        )
    parts = (*text_encoder_names(family), "vae", "unet")
    read_index(folder / "model_index.json", (*parts, *tokenizer_names(family)))
    sizes = family.sizes({part: read_config(folder / part / "config.json") for part in parts})
    return ModelInfo(folder.name, folder, family, sizes.size, sizes.widths, sizes.vae_scale_factor)


def _describe_file(path: Path) -> ModelInfo:
    checkpoint = read_checkpoint_layout(path)
    sizes = checkpoint.sizes
    return ModelInfo(
        path.stem, path, checkpoint.family, sizes.size, sizes.widths, sizes.vae_scale_factor
    )


def native_size(name: str) -> int:
    """Return the model's native width and height in pixels."""
    return describe_model(name).size


def dimension_mismatch(name: str, widths: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Describe, in InvokeAI's words, that vectors do not have the model's token dimension."""
    return (
        f"Cannot load embedding for <{name}>. It was trained on a model with token dimension "
        f"{_join(widths)}, but the current model has token dimension {_join(expected)}."
    )


def _join(widths: tuple[int, ...]) -> str:
    return " and ".join(str(width) for width in widths)
