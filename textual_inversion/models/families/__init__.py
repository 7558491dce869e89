"""The families of base models that embeddings can be trained on: one module and one line each."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.models.families import sd, sdxl
from textual_inversion.models.families.base import ModelFamily, SingleFile

FAMILIES: list[ModelFamily] = [sd.StableDiffusion(), sdxl.StableDiffusionXL()]


def find_family(pipeline: str) -> ModelFamily | None:
    """Return the family of a diffusers pipeline class, as in model_index.json; None if unknown."""
    return next((family for family in FAMILIES if family.pipeline == pipeline), None)


def list_single_files() -> Iterator[tuple[ModelFamily, SingleFile]]:
    """Yield every supported single-file format with its family."""
    for family in FAMILIES:
        for layout in family.single_files:
            yield family, layout


def list_titles() -> str:
    """Join the families' titles for messages."""
    return " or ".join(family.title for family in FAMILIES)
