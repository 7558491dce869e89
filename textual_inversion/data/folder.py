"""Read a data set's folder: pictures resized, captions, masks, repeats.

Pictures in a subfolder whose name begins with a number, such as 3_side, are repeated that many
times an epoch. A mask is a grey picture NAME.mask.png or NAME-masklabel.png beside picture NAME.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from textual_inversion.data.captions import ALL_WORDS, FileNameWords, caption_of
from textual_inversion.data.resizing import Fit, Size
from textual_inversion.errors import DatasetError
from textual_inversion.events import Warned
from textual_inversion.images.decoding import open_picture, path_text
from textual_inversion.images.folder import REPEATED_FOLDER, find_mask, find_pictures, pictures_in
from textual_inversion.images.resizing import upscaling_warning

_MAX_RATIO_ERROR = 0.02


@dataclass(frozen=True)
class Item:
    """A picture with its caption and mask; larger than `size` where it is cropped at random."""

    path: Path
    picture: Image.Image
    size: Size
    caption: str
    mask: Image.Image | None = None
    repeats: int = 1


def read_folder(
    folder: Path, fit: Fit, *, masks: bool = False, words: FileNameWords = ALL_WORDS
) -> Iterator[Item | Warned]:
    """Read every picture of a folder; one that cannot be read yields a warning instead.

    With `masks`, a picture's mask file, else its alpha channel, becomes its `mask`.

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
            yield Warned(f"{error} The picture is skipped.")
    if len(failures) == len(found):
        raise DatasetError(f"No picture in {folder} can be used. {failures[0]}")


def list_pictures(folder: Path) -> list[tuple[Path, int]]:
    """List a folder's pictures with their repeats; DatasetError when there are none."""
    listed = [(path, 1) for path in pictures_in(folder)]
    visited = {os.path.realpath(folder)}  # a link back to it would repeat every picture
    for below in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        real = os.path.realpath(below)
        if real not in visited and (repeated := REPEATED_FOLDER.match(below.name)):
            visited.add(real)
            listed += [(path, int(repeated[1])) for path in pictures_in(below)]
    return listed or [(path, 1) for path in find_pictures(folder)]


def _read(
    path: Path, fit: Fit, repeats: int, *, masks: bool, words: FileNameWords
) -> list[Item | Warned]:
    mask_path = find_mask(path) if masks else None
    picture = open_picture(path, min_size=fit.min_size, keep_alpha=masks and not mask_path)
    mask = _open_mask(mask_path, picture, fit) if mask_path else None
    caption = caption_of(path, words)
    size = fit.size_for(picture.size)
    note = upscaling_warning(path, picture, *size)
    fitted = fit.apply(picture, size)
    if mask:
        mask = fit.apply(mask, size)
    elif fitted.mode == "RGBA":
        fitted, mask = _split_alpha(fitted)
    item = Item(path, fitted, size, caption, mask, repeats)
    return [Warned(note), item] if note else [item]


def _open_mask(path: Path, picture: Image.Image, fit: Fit) -> Image.Image:
    """Open a mask and resize it to the picture's size, so that both are cropped alike."""
    mask = open_picture(path, min_size=fit.min_size).convert("L")
    ratio = (mask.width * picture.height) / (mask.height * picture.width)
    if abs(ratio - 1) > _MAX_RATIO_ERROR:
        raise DatasetError(
            f"Mask {path_text(path)} has a different aspect ratio than its picture ({mask.width} x "
            f"{mask.height} beside {picture.width} x {picture.height}); make them the same size."
        )
    return mask.resize(picture.size, Image.Resampling.BILINEAR)


def _split_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Split an RGBA picture into RGB over white and its alpha channel."""
    alpha = picture.getchannel("A")
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=alpha)
    return white, alpha
