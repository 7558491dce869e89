"""What the caption editor shows, as HTML, and what a page has chosen there. No rule about captions.

Whatever a user or a file has named goes through `html.escape` here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from preprocessing.captions.drafts import Draft
from preprocessing.captions.tags import counted
from textual_inversion.images.decoding import shown
from textual_inversion.settings.base import PROMPT_TOKENS
from webui.served_images import served

Show = Literal["all", "with the tag", "without the tag", "changed"]
SHOWS: tuple[Show, ...] = ("all", "with the tag", "without the tag", "changed")
_NAMED: dict[str, Show] = {show: show for show in SHOWS}
PER_PAGE = 48
_MOST_TAGS = 500
CountTokens = Callable[[str], int | None]


@dataclass(frozen=True)
class View:
    """What one page shows of a draft: a filter, a leaf, and the chosen places, the last one open.

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
        said: dict[Any, Any] = data if isinstance(data, dict) else {}
        chosen: list[Any] = said["chosen"] if isinstance(said.get("chosen"), list) else []
        leaf = said.get("leaf")
        return cls(
            key=str(said.get("key", "")),
            show=_NAMED.get(str(said.get("show")), "all"),
            tag=str(said.get("tag", "")),
            leaf=max(leaf, 0) if isinstance(leaf, int) else 0,
            chosen=tuple(place for place in chosen if isinstance(place, int)),
            text=str(said.get("text", "")),
        )

    def to_json(self) -> dict[str, Any]:
        """Give what a page carries."""
        return {**asdict(self), "chosen": list(self.chosen)}

    def places(self, draft: Draft) -> list[int]:
        """List the places that the filter shows."""
        everything = range(len(draft.pictures))
        match self.show:
            case "changed":
                return draft.changed
            case "with the tag" if self.tag.strip():
                return draft.places_with(self.tag)
            case "without the tag" if self.tag.strip():
                having = set(draft.places_with(self.tag))
                return [place for place in everything if place not in having]
            case _:
                return list(everything)

    def targets(self, draft: Draft) -> list[int]:
        """List the places that a change goes to: the chosen ones, or all that are shown."""
        places, chosen = self.places(draft), set(self.chosen)
        return [place for place in places if place in chosen] or places

    def fitted(self, draft: Draft) -> View:
        """Let go of what the filter does not show, and of leaves that are not there."""
        places = self.places(draft)
        known = set(places)
        chosen = tuple(place for place in self.chosen if place in known)
        return replace(
            self,
            leaf=min(self.leaf, max(len(places) - 1, 0) // PER_PAGE),
            chosen=chosen,
            text=draft.captions[chosen[-1]] or "" if chosen else "",
        )

    def having(self, chosen: Sequence[int]) -> View:
        """Choose these places."""
        return replace(self, chosen=tuple(chosen))

    def in_sight(self, draft: Draft) -> list[int]:
        """List the places on the leaf that is shown."""
        return self.places(draft)[self.leaf * PER_PAGE :][:PER_PAGE]

    @property
    def current(self) -> int | None:
        """Give the place whose caption is open: the one chosen last."""
        return self.chosen[-1] if self.chosen else None


def summary_html(draft: Draft, view: View) -> str:
    """Say what is open, what is not saved, and what a change would go to."""
    captions = sum(caption is not None for caption in draft.captions)
    parts = [f"<b>{escape(shown(draft.folder))}</b>: {_count(draft.pictures, 'picture')}"]
    parts.append(f"{captions} with a caption")
    if draft.num_hidden:
        parts.append(f"{draft.num_hidden} more share theirs with one of the same name")
    unsaved = len(draft.changed)
    state = f"{unsaved} changed, not saved" if unsaved else "nothing to save"
    return (
        f'<div class="ti-status ti-{"busy" if unsaved else "idle"}" role="status"><p>'
        f'<span class="ti-dot"></span><span>{", ".join(parts)} · {state}. {_aim(draft, view)}'
        "</span></p></div>"
    )


def _aim(draft: Draft, view: View) -> str:
    places = view.places(draft)
    if view.chosen:
        return f"Changes go to the {_count(view.chosen, 'chosen picture')}."
    if len(places) < len(draft.pictures):
        return f"Changes go to the {_count(places, 'picture')} shown; click some to choose them."
    return "Changes go to all pictures; click some to choose them."


def grid_html(draft: Draft, view: View, count: CountTokens) -> str:
    """Draw one leaf of pictures with their captions, each a button that chooses it."""
    places = view.in_sight(draft)
    if not places:
        return '<p class="ti-empty">No picture is like that.</p>'
    changed = set(draft.changed)
    cells = [_cell(draft, place, view, changed, count) for place in places]
    return f'<div class="ti-sheet">{"".join(cells)}</div>'


def _cell(draft: Draft, place: int, view: View, changed: set[int], count: CountTokens) -> str:
    picture, caption = draft.pictures[place], draft.captions[place]
    name = escape(shown(Path(picture.name)))
    tokens = count(caption or "") or 0
    marks = ["changed"] if place in changed else []
    if tokens > PROMPT_TOKENS:
        marks.append(f"{tokens} tokens")
    said = escape(caption) if caption else f"<i>{'empty' if caption == '' else 'no caption'}</i>"
    pressed = "true" if place in view.chosen else "false"
    return (
        f'<div class="ti-cell"><button type="button" data-pick="{place}" aria-pressed="{pressed}" '
        f'title="{name}">{thumbnail_html(str(picture))}<span>{said}</span>'
        f"<small>{' · '.join([name, *marks])}</small></button>"
        '<button type="button" class="ti-tick" title="Choose this one, too">✓</button></div>'
    )


def thumbnail_html(path: str) -> str:
    """Draw a small copy of a picture that the program has found; nothing where it cannot be."""
    copy = served(path, small=True)
    return f'<img src="gradio_api/file={quote(copy)}" alt="" loading="lazy">' if copy else ""


def leaf_html(draft: Draft, view: View) -> str:
    """Say which of the pictures are in sight."""
    total = len(view.places(draft))
    if total <= PER_PAGE:
        return ""
    first = view.leaf * PER_PAGE
    return f"<p>{first + 1} to {min(first + PER_PAGE, total)} of {total}</p>"


def tags_html(draft: Draft) -> str:
    """List the tags of all captions with their counts, each a button that puts it to use."""
    tags = counted(draft.texts)
    rows = "".join(
        f'<tr><td><button type="button" data-pick="{escape(tag)}">{escape(tag)}</button></td>'
        f"<td>{number}</td></tr>"
        for tag, number in tags[:_MOST_TAGS]
    )
    more = f"<p>and {len(tags) - _MOST_TAGS} rarer ones</p>" if len(tags) > _MOST_TAGS else ""
    return (
        f'<div class="ti-tags"><table><thead><tr><th>{_count(tags, "tag")}</th>'
        f"<th>captions</th></tr></thead><tbody>{rows}</tbody></table>{more}</div>"
    )


def tokens_html(tokens: int | None) -> str:
    """Say how much of a prompt a caption takes."""
    if tokens is None:
        return ""
    over = tokens > PROMPT_TOKENS
    said = f"{tokens} of a prompt's {PROMPT_TOKENS} tokens"
    if over:
        said += ": too long, it would be read in parts that do not know of each other"
    return f"<p{' class=ti-wrong' if over else ''}>{said}.</p>"


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
