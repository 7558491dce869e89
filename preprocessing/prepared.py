"""A picture as it was prepared, before it is written."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Prepared:
    """A picture ready to be written: its file's bytes, or none, and its caption, or none.

    `view` is what a captioner is to see of it; None where no new caption is wanted.
    """

    data: bytes
    extension: str
    caption: str
    view: Image.Image | None = None


@dataclass(frozen=True)
class Made:
    """All that one picture becomes, a drawing of how, and what the user should know of it.

    `existing` is the text that lay beside it.
    """

    pictures: tuple[Prepared, ...]
    existing: str = ""
    note: str | None = None
    drawing: bytes = b""
