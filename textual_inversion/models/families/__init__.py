"""The families of base models that embeddings can be trained on: one module and one line each."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.models.families import sd, sdxl
from textual_inversion.models.families.base import ModelFamily, SingleFile

FAMILIES: list[ModelFamily] = [sd.StableDiffusion(), sdxl.StableDiffusionXL()]

_VERSIONS = {("sd", (768,)): "SD 1.x", ("sd", (1024,)): "SD 2.x", ("sdxl", (768, 1280)): "SDXL"}


def find_family(pipeline: str) -> ModelFamily | None:
    """Return the family of a diffusers pipeline class, as in model_index.json; None if unknown."""
    return next((family for family in FAMILIES if family.pipeline == pipeline), None)


def list_single_files() -> Iterator[tuple[ModelFamily, SingleFile]]:
    """Yield every supported single-file format with its family."""
    for family in FAMILIES:
        for layout in family.single_files:
            yield family, layout


def name_version(family: ModelFamily, widths: tuple[int, ...]) -> str:
    """Name a model's family in short, by the widths of its text encoders where they tell more."""
    return _VERSIONS.get((family.name, widths), family.title)


def list_titles() -> str:
    """Join the families' titles for messages."""
    return " or ".join(family.title for family in FAMILIES)
