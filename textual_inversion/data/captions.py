"""The caption of a picture: the text beside it, else the words of its file name."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.pictures import text_beside
from textual_inversion.prompts import words_from_file_name


def caption_of(picture: Path) -> str:
    """Tell what [filewords] stands for; an empty .txt says that there are no words."""
    text = text_beside(picture)
    return words_from_file_name(picture.stem) if text is None else text
