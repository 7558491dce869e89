"""What the caption editor shows, as HTML, and what a page has chosen there.

No rule about captions is here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

from markupsafe import Markup

from preprocessing.captions.drafts import Draft
from preprocessing.captions.tags import count_tags
from textual_inversion.images.decoding import path_text
from textual_inversion.settings.base import PROMPT_TOKENS
from webui.html import paragraph, render
from webui.served_images import picture_url, thumbnail_url

Show = Literal["all", "with the tag", "without the tag", "changed"]
SHOWS: tuple[Show, ...] = ("all", "with the tag", "without the tag", "changed")
_NAMED: dict[str, Show] = {show: show for show in SHOWS}
PER_PAGE = 48
_MOST_TAGS = 500
CountTokens = Callable[[str], int | None]


@dataclass(frozen=True)
class View:
    """What one page shows of a draft: a filter, a leaf, and the chosen indices, the last one open.

    `text` is the open caption as it was shown, to tell whether something was typed. All comes back
    from the browser, so nothing in it is believed before it was checked.
    """

    key: str = ""
    show: Show = "all"
    tag: str = ""
    leaf: int = 0
    chosen: tuple[int, ...] = ()
    text: str = ""

    @classmethod
    def of(cls, data: object) -> Self:
        """Read what a page carries; what is no view is an empty one."""
        carried: dict[Any, Any] = data if isinstance(data, dict) else {}
        chosen: list[Any] = carried["chosen"] if isinstance(carried.get("chosen"), list) else []
        leaf = carried.get("leaf")
        return cls(
            key=str(carried.get("key", "")),
            show=_NAMED.get(str(carried.get("show")), "all"),
            tag=str(carried.get("tag", "")),
            leaf=max(leaf, 0) if isinstance(leaf, int) else 0,
            chosen=tuple(index for index in chosen if isinstance(index, int)),
            text=str(carried.get("text", "")),
        )

    def to_json(self) -> dict[str, Any]:
        """Convert to what a page carries."""
        return {**asdict(self), "chosen": list(self.chosen)}

    def indices(self, draft: Draft) -> list[int]:
        """List the indices of the pictures that the filter shows."""
        everything = range(len(draft.pictures))
        match self.show:
            case "changed":
                return draft.changed
            case "with the tag" if self.tag.strip():
                return draft.indices_with(self.tag)
            case "without the tag" if self.tag.strip():
                having = set(draft.indices_with(self.tag))
                return [index for index in everything if index not in having]
            case _:
                return list(everything)

    def targets(self, draft: Draft) -> list[int]:
        """List the indices that a change goes to: the chosen ones, or all that are shown."""
        indices, chosen = self.indices(draft), set(self.chosen)
        return [index for index in indices if index in chosen] or indices

    def fitted(self, draft: Draft) -> View:
        """Drop what the filter does not show, and pages that do not exist."""
        indices = self.indices(draft)
        known = set(indices)
        chosen = tuple(index for index in self.chosen if index in known)
        return replace(
            self,
            leaf=min(self.leaf, max(len(indices) - 1, 0) // PER_PAGE),
            chosen=chosen,
            text=draft.captions[chosen[-1]] or "" if chosen else "",
        )

    def having(self, chosen: Sequence[int]) -> View:
        """Choose the pictures with these indices."""
        return replace(self, chosen=tuple(chosen))

    def in_sight(self, draft: Draft) -> list[int]:
        """List the indices of the pictures on the leaf that is shown."""
        return self.indices(draft)[self.leaf * PER_PAGE :][:PER_PAGE]

    @property
    def current(self) -> int | None:
        """The index of the open caption, the one chosen last."""
        return self.chosen[-1] if self.chosen else None


def summary_html(draft: Draft, view: View) -> Markup:
    """Draw what is open, what is not saved, and what a change would go to."""
    captions = sum(caption is not None for caption in draft.captions)
    parts = [_count(draft.pictures, "picture"), f"{captions} with a caption"]
    if draft.num_hidden:
        parts.append(f"{draft.num_hidden} more share theirs with one of the same name")
    num_unsaved = len(draft.changed)
    state = f"{num_unsaved} changed, not saved" if num_unsaved else "nothing to save"
    return render(
        "caption_editor/summary",
        folder=path_text(draft.folder),
        sentence=f"{', '.join(parts)} · {state}. {_aim(draft, view)}",
        num_unsaved=num_unsaved,
    )


def _aim(draft: Draft, view: View) -> str:
    indices = view.indices(draft)
    if view.chosen:
        return f"Changes go to the {_count(view.chosen, 'chosen picture')}."
    if len(indices) < len(draft.pictures):
        return f"Changes go to the {_count(indices, 'picture')} shown; click some to choose them."
    return "Changes go to all pictures; click some to choose them."


@dataclass(frozen=True)
class _Cell:
    """One picture of the grid; `url` is empty where it cannot be shown."""

    index: int
    name: str
    url: str
    caption: str | None
    label: str
    is_chosen: bool


def grid_html(draft: Draft, view: View, count: CountTokens) -> Markup:
    """Draw one leaf of pictures with their captions, each a button that chooses it."""
    indices = view.in_sight(draft)
    if not indices:
        return paragraph("No picture is like that.", style="empty")
    changed = set(draft.changed)
    cells = [_cell(draft, index, view, changed, count) for index in indices]
    return render("caption_editor/grid", cells=cells)


def _cell(draft: Draft, index: int, view: View, changed: set[int], count: CountTokens) -> _Cell:
    picture, caption = draft.pictures[index], draft.captions[index]
    name = path_text(Path(picture.name))
    tokens = count(caption or "") or 0
    marks = ["changed"] if index in changed else []
    if tokens > PROMPT_TOKENS:
        marks.append(f"{tokens} tokens")
    return _Cell(
        index=index,
        name=name,
        url=thumbnail_url(str(picture)),
        caption=caption,
        label=" · ".join([name, *marks]),
        is_chosen=index in view.chosen,
    )


def large_html(draft: Draft, index: int) -> Markup:
    """Draw one picture as large as the window."""
    if not 0 <= index < len(draft.pictures):
        return Markup()
    picture = draft.pictures[index]
    return render(
        "caption_editor/large",
        turn=secrets.token_hex(4),  # so that the same picture opens again
        name=path_text(Path(picture.name)),
        url=picture_url(str(picture)),
        caption=draft.captions[index],
    )


def leaf_html(draft: Draft, view: View) -> Markup:
    """Draw which of the pictures are in sight."""
    total = len(view.indices(draft))
    if total <= PER_PAGE:
        return Markup()
    first = view.leaf * PER_PAGE
    return paragraph(f"{first + 1} to {min(first + PER_PAGE, total)} of {total}")


def tags_html(draft: Draft) -> Markup:
    """List the tags of all captions with their counts, each a button that puts it to use."""
    tags = count_tags(draft.texts)
    return render(
        "caption_editor/tags",
        heading=_count(tags, "tag"),
        tags=tags[:_MOST_TAGS],
        num_more=max(len(tags) - _MOST_TAGS, 0),
    )


def tokens_html(tokens: int | None) -> Markup:
    """Draw how much of a prompt a caption takes."""
    if tokens is None:
        return Markup()
    sentence = f"{tokens} of a prompt's {PROMPT_TOKENS} tokens"
    if tokens <= PROMPT_TOKENS:
        return paragraph(f"{sentence}.")
    too_long = "too long, it would be read in parts that do not know of each other"
    return paragraph(f"{sentence}: {too_long}.", style="wrong")


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
