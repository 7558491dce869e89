"""Fit a model's latent_rgb.json, the matrix of its live previews, to folders of pictures.

python -m tools.fit_latent_rgb models/pocket models/pocket samples/mammoth
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

from textual_inversion.generation.previews.latent_rgb import FILE, fit
from textual_inversion.images.decoding import open_picture
from textual_inversion.images.resizing import cover
from textual_inversion.models.opening import open_model
from textual_inversion.storage.atomic import write_whole

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


def main(model_name: str, folders: list[str]) -> None:
    """Fit, write the file beside the model's parts, and print how well it fits."""
    model = open_model(model_name)
    size = model.info.size
    paths = sorted(path for folder in folders for path in Path(folder).iterdir())
    opened = [open_picture(path) for path in paths if path.suffix.lower() in _SUFFIXES]
    pictures = [part for picture in opened for part in _parts(picture, size)]
    matrix, explained = fit(model, pictures)
    rows = [[round(value, 4) for value in row] for row in matrix.tolist()]
    facts = {"rows": rows, "pictures": len(pictures), "explained": round(explained, 4)}
    write_whole(model.info.folder / FILE, (json.dumps(facts, indent=1) + "\n").encode())
    print(f"{FILE}: {explained:.1%} of the colours of {len(pictures)} pictures")


def _parts(picture: Image.Image, size: int) -> list[Image.Image]:
    """Reduce a picture to the model's size, and cut a sheet of pictures into as many more."""
    boxes = [
        (left, top, left + size, top + size)
        for top in range(0, picture.height - size + 1, size)
        for left in range(0, picture.width - size + 1, size)
    ]
    return [cover(picture, size, size), *(picture.crop(box) for box in boxes)]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
