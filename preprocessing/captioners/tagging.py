"""From scored tags to a caption; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from textual_inversion.settings import PreprocessSettings

_EMPHASIS = re.compile(r"[\\()]")
_MAX_EMOTICON = 3  # ^_^ or >_<


@dataclass(frozen=True)
class Tagging:
    """How tags are formatted as a caption."""

    alphabetical: bool = True
    spaces: bool = True
    escape: bool = True
    filtered: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: PreprocessSettings) -> Self:
        """Return the formatting in the settings."""
        return cls(
            alphabetical=settings.tags_alphabetical,
            spaces=settings.tags_spaces,
            escape=settings.tags_escape,
            filtered=frozenset(_plain(tag) for tag in settings.tags_filter.split(",")),
        )

    def caption(self, scores: Iterable[tuple[str, float]]) -> str:
        """Join tags, sorted by name or by score, into a caption."""
        remaining = [(tag, score) for tag, score in scores if _plain(tag) not in self.filtered]
        if self.alphabetical:
            remaining.sort()
        else:
            remaining.sort(key=lambda pair: -pair[1])
        return ", ".join(self._format(tag) for tag, _ in remaining)

    def _format(self, tag: str) -> str:
        if self.spaces and len(tag) > _MAX_EMOTICON:
            tag = tag.replace("_", " ")
        return _EMPHASIS.sub(r"\\\g<0>", tag) if self.escape else tag


def _plain(tag: str) -> str:
    return tag.strip().replace(" ", "_").casefold()
