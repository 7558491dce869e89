"""From a folder to what a run learns from: pictures brought to size, captions, masks, repeats.

Pictures in a folder below whose name begins with a number, such as 3_side, come that many times a
round. A mask is a grey picture NAME.mask.png or NAME-masklabel.png beside picture NAME.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from textual_inversion.data.captions import WHOLE_NAME, FileNameWords, caption_of
from textual_inversion.data.resizing import Fit, Size
from textual_inversion.errors import DatasetError
from textual_inversion.events import Warned
from textual_inversion.images.decoding import open_picture, shown
from textual_inversion.images.folder import find_pictures, mask_beside, pictures_in
from textual_inversion.images.resizing import smallness

_REPEATED = re.compile(r"([1-9][0-9]{0,3})_")
_SAME_SHAPE = 0.02


@dataclass(frozen=True)
class Item:
    """One picture, at the training size or standing out of it, its caption, and its mask."""

    path: Path
    picture: Image.Image
    size: Size
    caption: str
    mask: Image.Image | None = None
    repeats: int = 1


def read_folder(
    folder: Path, fit: Fit, *, masks: bool = False, words: FileNameWords = WHOLE_NAME
) -> Iterator[Item | Warned]:
    """Read every picture of a folder; one that cannot be read is warned of and left out.

    With `masks`, a picture's mask file, else its transparency, comes as a grey picture of its size.

    Raises:
        DatasetError: There is no folder, or no picture in it can be used.
    """
    found = list_pictures(folder)
    failures: list[str] = []
    for path, repeats in found:
        try:
            yield from _read(path, fit, repeats, masks=masks, words=words)
        except DatasetError as error:
            failures.append(str(error))
            yield Warned(f"{error} It is left out of the training.")
    if len(failures) == len(found):
        raise DatasetError(f"No picture in {folder} can be used. {failures[0]}")


def list_pictures(folder: Path) -> list[tuple[Path, int]]:
    """List a folder's pictures and how often each comes in a round; DatasetError when none."""
    listed = [(path, 1) for path in pictures_in(folder)]
    visited = {os.path.realpath(folder)}  # a link back to it would show every picture again
    for below in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        real = os.path.realpath(below)
        if real not in visited and (repeated := _REPEATED.match(below.name)):
            visited.add(real)
            listed += [(path, int(repeated[1])) for path in pictures_in(below)]
    return listed or [(path, 1) for path in find_pictures(folder)]


def _read(
    path: Path, fit: Fit, repeats: int, *, masks: bool, words: FileNameWords
) -> list[Item | Warned]:
    mask_path = mask_beside(path) if masks else None
    picture = open_picture(path, at_least=fit.at_least, keep_alpha=masks and not mask_path)
    mask = _open_mask(mask_path, picture, fit) if mask_path else None
    caption = caption_of(path, words)
    size = fit.size_for(picture.size)
    note = smallness(path, picture, *size)
    fitted = fit.apply(picture, size)
    if mask:
        mask = fit.apply(mask, size)
    elif fitted.mode == "RGBA":
        fitted, mask = _parted(fitted)
    item = Item(path, fitted, size, caption, mask, repeats)
    return [Warned(note), item] if note else [item]


def _open_mask(path: Path, picture: Image.Image, fit: Fit) -> Image.Image:
    """Open a mask and bring it to the picture's size, so that both are cut alike."""
    mask = open_picture(path, at_least=fit.at_least).convert("L")
    ratio = (mask.width * picture.height) / (mask.height * picture.width)
    if abs(ratio - 1) > _SAME_SHAPE:
        raise DatasetError(
            f"Mask {shown(path)} has another shape than its picture ({mask.width} x {mask.height} "
            f"beside {picture.width} x {picture.height}); make both the same size."
        )
    return mask.resize(picture.size, Image.Resampling.BILINEAR)


def _parted(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Part a picture from its transparency; the hidden parts become white."""
    alpha = picture.getchannel("A")
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=alpha)
    return white, alpha
