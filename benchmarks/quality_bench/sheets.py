"""The contact sheet: a row a concept, training pictures first, then each method's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SheetRow = tuple[str, Sequence[tuple[str, Sequence[np.ndarray]]]]
"""A title, and groups of a heading and its pictures."""
_GAP_PX, _WORDS_PX = 8, 16


def write_sheet(rows: Sequence[SheetRow], path: Path, *, px: int) -> None:
    """Write the rows, each picture `px` wide."""
    widths = [len(pictures) * px + _GAP_PX for _, pictures in rows[0][1]]
    height = px + 2 * _WORDS_PX
    canvas = Image.new("RGB", (sum(widths), height * len(rows)), "white")
    pen = ImageDraw.Draw(canvas)
    for index, (title, groups) in enumerate(rows):
        top, left = index * height, 0
        pen.text((2, top + 1), title, fill="black")
        for (heading, pictures), width in zip(groups, widths, strict=True):
            pen.text((left + 2, top + _WORDS_PX), heading, fill="#555555")
            for place, picture in enumerate(pictures):
                small = Image.fromarray(picture).resize((px, px), Image.Resampling.BOX)
                canvas.paste(small, (left + place * px, top + 2 * _WORDS_PX))
            left += width
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(path, quality=85)
