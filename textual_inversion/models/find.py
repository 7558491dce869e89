"""Where base models lie and what their configuration says. Light: no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from textual_inversion.errors import ModelError
from textual_inversion.settings import DEFAULT_MODEL, find_folder

Family = Literal["sd", "sdxl"]
_FAMILIES: dict[str, Family] = {
    "StableDiffusionPipeline": "sd",
    "StableDiffusionXLPipeline": "sdxl",
}


@dataclass(frozen=True)
class ModelInfo:
    """What can be told of a base model without opening its weights."""

    name: str
    folder: Path
    family: Family
    size: int
    """Pixels of a side that the model was made for."""
    widths: tuple[int, ...]
    """Width of the vectors for each text encoder: SD 1.x 768, SD 2.x 1024, SDXL 768 and 1280."""
    scale: int
    """Pixels of a side for one latent."""


def list_models() -> list[str]:
    """Name the base models under models/, the one that ships with the project first."""
    folder = find_folder("models")
    names = {f"models/{index.parent.name}" for index in folder.glob("*/model_index.json")}
    project = find_folder(DEFAULT_MODEL)
    if (project / "model_index.json").is_file():
        names.add(DEFAULT_MODEL)
    return sorted(names, key=lambda name: (name != DEFAULT_MODEL, name.lower()))


def find_model(name: str) -> Path:
    """Find the diffusers folder of a model, by path or by its name under models/."""
    if not name.strip():
        raise ModelError("No base model is chosen; pick one, such as models/pocket.")
    candidates = (Path(name).expanduser(), find_folder(name), find_folder("models") / name)
    for folder in candidates:
        if (folder / "model_index.json").is_file():
            return folder.resolve()
    if any(folder.is_dir() for folder in candidates):
        raise ModelError(
            f'The folder "{name}" is no base model: it has no model_index.json; give a diffusers '
            "folder."
        )
    known = ", ".join(list_models()) or "none"
    raise ModelError(
        f'There is no base model "{name}"; give the path of a diffusers folder, or one of: {known}.'
    )


def describe_model(name: str) -> ModelInfo:
    """Read a model's configuration files."""
    folder = find_model(name)
    pipeline = str(_read(folder / "model_index.json").get("_class_name"))
    if pipeline not in _FAMILIES:
        raise ModelError(
            f'The model "{name}" is a {pipeline}; embeddings are trained on Stable Diffusion 1.x, '
            "2.x and XL only."
        )
    family = _FAMILIES[pipeline]
    encoders = ("text_encoder", "text_encoder_2") if family == "sdxl" else ("text_encoder",)
    configs = [_read(folder / part / "config.json") for part in encoders]
    scale = 2 ** (len(_read(folder / "vae" / "config.json")["block_out_channels"]) - 1)
    return ModelInfo(
        name=folder.name,
        folder=folder,
        family=family,
        size=int(_read(folder / "unet" / "config.json")["sample_size"]) * scale,
        widths=tuple(int(config["hidden_size"]) for config in configs),
        scale=scale,
    )


def native_size(name: str) -> int:
    """Tell how many pixels a side of the model's pictures has."""
    return describe_model(name).size


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The base model's file {path} cannot be read ({error}); copy the model again."
        ) from None
