"""The families of base models that embeddings can be trained on: one module and one line each."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.models.families import sd, sdxl
from textual_inversion.models.families.base import ModelFamily, SingleFile

FAMILIES: list[ModelFamily] = [sd.StableDiffusion(), sdxl.StableDiffusionXL()]


def find_family(pipeline: str) -> ModelFamily | None:
    """Find the family whose folders name this pipeline of diffusers."""
    return next((family for family in FAMILIES if family.pipeline == pipeline), None)


def single_files() -> Iterator[tuple[ModelFamily, SingleFile]]:
    """List every layout that a single file may have, with its family."""
    for family in FAMILIES:
        for layout in family.single_files:
            yield family, layout


def list_titles() -> str:
    """Word the families, for messages."""
    return " or ".join(family.title for family in FAMILIES)
