"""Prepared pictures, before they are written."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class PreparedPicture:
    """A picture ready to be written: its file's bytes and its caption, either may be empty.

    `view` is the image for captioners; None where no new caption is needed.
    """

    data: bytes
    extension: str
    caption: str
    view: Image.Image | None = None


@dataclass(frozen=True)
class PreparedSet:
    """All results of one source picture, with a debug image and a warning, if any.

    `existing` is the caption of the source picture.
    """

    pictures: tuple[PreparedPicture, ...]
    existing: str = ""
    note: str | None = None
    debug_image: bytes = b""
