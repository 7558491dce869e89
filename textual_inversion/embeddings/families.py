"""Which family of models vectors are for, by their widths. Light: no torch."""

from __future__ import annotations

FAMILIES = {(768,): "SD 1.x", (1024,): "SD 2.x", (768, 1280): "SDXL"}


def family_of(widths: tuple[int, ...]) -> str:
    """Name the family of models whose text encoders take vectors of these widths."""
    shown = " and ".join(map(str, widths))
    return FAMILIES.get(widths, f"a model with token dimension {shown}")
