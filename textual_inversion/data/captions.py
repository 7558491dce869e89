"""The caption of a picture: the text beside it, else the words of its file name, if it has any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.images.file_names import without_counter, words_of_file_name
from textual_inversion.images.folder import read_caption


@dataclass(frozen=True)
class FileNameWords:
    """How a caption is made of a file name: the matches of a regular expression, joined.

    Without an expression it is the words of the name.
    """

    regex: str = ""
    joiner: str = " "

    def of(self, stem: str) -> str:
        """Return the words of a file's stem; of an expression with groups, the first group."""
        if not self.regex:
            return words_of_file_name(stem)
        name = without_counter(stem)
        found = (match[min(1, len(match.groups()))] for match in re.finditer(self.regex, name))
        return self.joiner.join(word for word in found if word)


ALL_WORDS = FileNameWords()


def caption_of(picture: Path, words: FileNameWords = ALL_WORDS) -> str:
    """Return what replaces [filewords]: the .txt, even if empty, else the file name's words."""
    text = read_caption(picture)
    return words.of(picture.stem) if text is None else text
