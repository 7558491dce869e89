"""From a folder to what a run learns from: pictures of one size and their captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from textual_inversion.data.captions import caption_of
from textual_inversion.errors import DatasetError
from textual_inversion.events import Warned
from textual_inversion.pictures import cover, find_pictures, open_picture, smallness


@dataclass(frozen=True)
class Item:
    """One picture, covering the training size, and its caption."""

    path: Path
    picture: Image.Image
    caption: str
    mask: Image.Image | None = None


def read_folder(
    folder: Path, width: int, height: int, *, masks: bool = False
) -> Iterator[Item | Warned]:
    """Read every picture of a folder; one that cannot be read is warned of and left out.

    With `masks`, a picture's transparency comes as a grey mask of the same size.

    Raises:
        DatasetError: There is no folder, or no picture in it can be used.
    """
    paths = find_pictures(folder)
    failures: list[str] = []
    for path in paths:
        try:
            picture = open_picture(path, at_least=(width, height), keep_alpha=masks)
            caption = caption_of(path)
        except DatasetError as error:
            failures.append(str(error))
            yield Warned(f"{error} It is left out of the training.")
            continue
        if note := smallness(path, picture, width, height):
            yield Warned(note)
        yield _item(path, cover(picture, width, height), caption)
    if len(failures) == len(paths):
        raise DatasetError(f"No picture in {folder} can be used. {failures[0]}")


def _item(path: Path, picture: Image.Image, caption: str) -> Item:
    """Part a picture from its transparency; the hidden parts become white."""
    if picture.mode != "RGBA":
        return Item(path, picture, caption)
    alpha = picture.getchannel("A")
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=alpha)
    return Item(path, white, caption, alpha)
