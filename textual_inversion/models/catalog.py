"""Where base models lie and what their configuration says. Light: no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textual_inversion.errors import ModelError
from textual_inversion.models.config import read_config
from textual_inversion.models.hub import fetch, find_cached, is_hub_name
from textual_inversion.models.single_file_layout import SUFFIXES, read_checkpoint_layout
from textual_inversion.settings import DEFAULT_MODEL
from textual_inversion.storage.paths import find_folder

Family = Literal["sd", "sdxl"]
_FAMILIES: dict[str, Family] = {
    "StableDiffusionPipeline": "sd",
    "StableDiffusionXLPipeline": "sdxl",
}


@dataclass(frozen=True)
class ModelInfo:
    """What can be told of a base model without opening its weights.

    `folder` is a diffusers folder, or a single file.
    """

    name: str
    folder: Path
    family: Family
    size: int
    """Pixels of a side that the model was made for."""
    widths: tuple[int, ...]
    """Width of the vectors for each text encoder: SD 1.x 768, SD 2.x 1024, SDXL 768 and 1280."""
    scale: int
    """Pixels of a side for one latent."""

    @property
    def is_single_file(self) -> bool:
        """Tell whether all parts lie in one file, as .safetensors or .ckpt."""
        return self.folder.is_file()

    @property
    def changed_at(self) -> float:
        """Give the time stamp that another model in the same place would change."""
        path = self.folder if self.is_single_file else self.folder / "model_index.json"
        return path.stat().st_mtime


def list_models() -> list[str]:
    """Name the base models under models/, the one that ships with the project first."""
    folder = find_folder("models")
    names = {f"models/{index.parent.name}" for index in folder.glob("*/model_index.json")}
    names |= {f"models/{path.name}" for path in folder.glob("*.*") if _is_checkpoint(path)}
    project = find_folder(DEFAULT_MODEL)
    if (project / "model_index.json").is_file():
        names.add(DEFAULT_MODEL)
    return sorted(names, key=lambda name: (name != DEFAULT_MODEL, name.lower()))


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
            "Face Hub is downloaded when it is first trained on or drawn with."
        )
    known = ", ".join(list_models()) or "none"
    raise ModelError(
        f'There is no base model "{name}"; give the path of a diffusers folder or of a '
        f".safetensors or .ckpt file, or one of: {known}."
    )


def fetch_model(name: str) -> None:
    """Download a model that is named as on the Hub, unless it is here already."""
    if is_hub_name(name) and not _find_here(name):
        fetch(name)


def _find_here(name: str) -> Path | None:
    candidates = (Path(name).expanduser(), find_folder(name), find_folder("models") / name)
    for place in candidates:
        if (place / "model_index.json").is_file():
            return place.resolve()
        if _is_checkpoint(place):
            # Not resolved: a link into a cache may lose the suffix.
            return place.absolute()
    if any(place.is_dir() for place in candidates):
        raise ModelError(
            f'The folder "{name}" is no base model: it has no model_index.json; give a diffusers '
            "folder."
        )
    return find_cached(name) if is_hub_name(name) else None


def _is_checkpoint(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def describe_model(name: str) -> ModelInfo:
    """Read a model's configuration files, or the names and shapes in a single file."""
    folder = find_model(name)
    try:
        return _describe_file(folder) if _is_checkpoint(folder) else _describe_folder(folder, name)
    except (LookupError, TypeError, ValueError, ArithmeticError, StopIteration) as error:
        raise ModelError(
            f'What the model "{name}" says of itself makes no sense ({type(error).__name__}: '
            f"{str(error)[:100]}); copy it again."
        ) from None


def _describe_folder(folder: Path, name: str) -> ModelInfo:
    pipeline = str(read_config(folder / "model_index.json").get("_class_name"))
    if pipeline not in _FAMILIES:
        raise ModelError(
            f'The model "{name}" is a {pipeline}; embeddings are trained on Stable Diffusion 1.x, '
            "2.x and XL only."
        )
    family = _FAMILIES[pipeline]
    encoders = ("text_encoder", "text_encoder_2") if family == "sdxl" else ("text_encoder",)
    configs = [read_config(folder / part / "config.json") for part in encoders]
    scale = 2 ** (len(read_config(folder / "vae" / "config.json")["block_out_channels"]) - 1)
    return ModelInfo(
        name=folder.name,
        folder=folder,
        family=family,
        size=int(read_config(folder / "unet" / "config.json")["sample_size"]) * scale,
        widths=tuple(int(config["hidden_size"]) for config in configs),
        scale=scale,
    )


def _describe_file(path: Path) -> ModelInfo:
    layout = read_checkpoint_layout(path)
    return ModelInfo(
        name=path.stem,
        folder=path,
        family="sdxl" if layout.kind == "sdxl" else "sd",
        size=layout.size,
        widths=tuple(width for _, width in layout.tables),
        scale=layout.scale,
    )


def native_size(name: str) -> int:
    """Tell how many pixels a side of the model's pictures has."""
    return describe_model(name).size
