"""From scored tags to a caption; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from textual_inversion.settings import PreprocessSettings

_EMPHASIS = re.compile(r"[\\()]")
_LONGEST_FACE = 3  # ^_^ or >_<


@dataclass(frozen=True)
class Tagging:
    """How tags are put into words."""

    alphabetical: bool = True
    spaces: bool = True
    escape: bool = True
    unwanted: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: PreprocessSettings) -> Self:
        """Take what the settings ask for."""
        return cls(
            alphabetical=settings.tags_alphabetical,
            spaces=settings.tags_spaces,
            escape=settings.tags_escape,
            unwanted=frozenset(_plain(tag) for tag in settings.tags_filter.split(",")),
        )

    def caption(self, scores: Iterable[tuple[str, float]]) -> str:
        """Join tags, sorted by name or by score, into a caption."""
        wanted = [(tag, score) for tag, score in scores if _plain(tag) not in self.unwanted]
        if self.alphabetical:
            wanted.sort()
        else:
            wanted.sort(key=lambda pair: -pair[1])
        return ", ".join(self._spelled(tag) for tag, _ in wanted)

    def _spelled(self, tag: str) -> str:
        if self.spaces and len(tag) > _LONGEST_FACE:
            tag = tag.replace("_", " ")
        return _EMPHASIS.sub(r"\\\g<0>", tag) if self.escape else tag


def _plain(tag: str) -> str:
    return tag.strip().replace(" ", "_").casefold()
