"""What the caption editor's buttons are called, and what each does to a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from preprocessing.captions import tags
from preprocessing.captions.drafts import Draft, open_draft, save
from preprocessing.captions.tags import Change, Search


@dataclass(frozen=True)
class Edit:
    """The values of the fields beside the buttons."""

    text: str
    replacement: str
    is_expression: bool
    anywhere: bool

    def search(self) -> Search:
        """Read what to look for; SettingsError says what is wrong with it."""
        return tags.parse_search(
            self.text, is_expression=self.is_expression, whole_tags=not self.anywhere
        )


Make = Callable[[Edit, Draft], Change]
Step = Callable[[Draft], Draft]

CHANGES: dict[str, tuple[str, Make]] = {
    "front": ("Add in front", lambda edit, _: tags.adding(edit.text, at="front")),
    "end": ("Add at the end", lambda edit, _: tags.adding(edit.text, at="end")),
    "remove": ("Remove", lambda edit, _: tags.removing(edit.search())),
    "replace": ("Replace", lambda w, _: tags.replacing(w.search(), w.replacement)),
    "first": ("Move to front", lambda edit, _: tags.to_front(edit.search())),
    "sort": ("Sort A to Z", lambda *_: tags.alphabetical),
    "frequency": ("Sort by frequency", lambda _, draft: tags.by_frequency(draft.texts)),
    "once": ("Remove doubles", lambda *_: tags.without_doubles),
}
STEPS: dict[str, tuple[str, Step]] = {
    "undo": ("Undo", Draft.undo),
    "redo": ("Redo", Draft.redo),
    "save": ("Save", save),
    "discard": ("Discard changes", lambda draft: open_draft(draft.folder)),
}


def can(draft: Draft, step: str) -> bool:
    """Whether a step would change anything."""
    return bool({"undo": draft.past, "redo": draft.future}.get(step, draft.changed))
