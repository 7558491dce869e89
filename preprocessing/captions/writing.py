"""New captions for prepared pictures, a batch at a time and in the order of the pictures.

Captioners are loaded with the first picture that needs them and given back at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from PIL import Image

from preprocessing.captioners.base import Captioner, UncaptionedError, captioner_module
from preprocessing.captions.merging import merge
from preprocessing.files.result import Outcome
from preprocessing.prepared import Prepared
from textual_inversion.events import Event
from textual_inversion.images.decoding import path_text
from textual_inversion.settings import PreprocessSettings

_JOINER = ", "
_MOST_WAITING = 4  # times a batch: pictures that need no caption do not wait for one for ever
LearnedTokens = str | UncaptionedError


@dataclass
class Scribe:
    """Captions what waits for it with the captioners that the settings name."""

    settings: PreprocessSettings
    stop: threading.Event
    captioners: list[Captioner] | None = None
    num_kept: int = 0
    """Pictures whose caption was copied, so that no new one was written."""

    @classmethod
    def of(cls, settings: PreprocessSettings, stop: threading.Event) -> Self:
        """Check that each captioner can work, as far as can be told without loading it.

        Raises:
            ModelError: saying what is missing.
        """
        for name in settings.caption:
            captioner_module(name).check(settings)
        return cls(settings, stop)

    def captioned(self, outcomes: Iterable[Outcome]) -> Generator[Event | Outcome, None, None]:
        """Hand all outcomes on, captioned, in order; end early when stopped."""
        if not self.settings.caption:
            yield from outcomes
            return
        waiting: list[Outcome] = []
        try:
            for outcome in outcomes:
                waiting.append(outcome)
                if self._is_enough(waiting):
                    yield from self._finished(waiting)
                    waiting = []
            yield from self._finished(waiting)
        finally:
            for captioner in self.captioners or []:
                captioner.close()

    def _is_enough(self, waiting: Sequence[Outcome]) -> bool:
        batch = self.settings.caption_batch
        return len(_views(waiting)) >= batch or len(waiting) >= _MOST_WAITING * batch

    def _finished(self, waiting: Sequence[Outcome]) -> Iterator[Event | Outcome]:
        texts: list[LearnedTokens] = []
        views, size = _views(waiting), self.settings.caption_batch
        for start in range(0, len(views), size):
            captioners = yield from self._loaded()
            if self.stop.is_set():
                return
            texts += _joined([_written(one, views[start : start + size]) for one in captioners])
        remaining = iter(texts)
        for outcome in waiting:
            yield self._with_captions(outcome, remaining)

    def _loaded(self) -> Generator[Event, None, list[Captioner]]:
        if self.captioners is None:
            self.captioners = []
            for name in self.settings.caption:
                captioner = yield from captioner_module(name).load(self.settings, self.stop)
                self.captioners.append(captioner)
        return self.captioners

    def _with_captions(self, outcome: Outcome, texts: Iterator[LearnedTokens]) -> Outcome:
        if outcome.made is None:
            return outcome
        self.num_kept += all(one.view is None for one in outcome.made.pictures)
        pictures: list[Prepared] = []
        failure: UncaptionedError | None = None
        for one in outcome.made.pictures:
            text = next(texts) if one.view is not None else ""
            if isinstance(text, UncaptionedError):
                failure = text
            else:
                pictures.append(self._worded(one, text, outcome.made.existing))
        if failure is not None:
            complaint = f"Picture {path_text(outcome.picture)} {failure}"
            return Outcome(outcome.picture, complaint=complaint)
        kept = tuple(one for one in pictures if one.data or one.caption)
        return replace(outcome, made=replace(outcome.made, pictures=kept))

    def _worded(self, one: Prepared, text: str, existing: str) -> Prepared:
        policy, joiner = self.settings.existing_captions, self.settings.caption_joiner
        caption = merge(existing, text, policy=policy, joiner=joiner)
        return replace(one, caption=caption, view=None)


def _views(outcomes: Sequence[Outcome]) -> list[Image.Image]:
    made = [outcome.made for outcome in outcomes if outcome.made]
    return [one.view for each in made for one in each.pictures if one.view is not None]


def _written(captioner: Captioner, views: Sequence[Image.Image]) -> list[LearnedTokens]:
    """Caption a batch; when it fails, one by one, so that only those are lost that must be."""
    try:
        return [*captioner.caption(views)]
    except UncaptionedError as error:
        if len(views) == 1:
            return [error]
        return [words for view in views for words in _written(captioner, [view])]


def _joined(columns: Sequence[Sequence[LearnedTokens]]) -> list[LearnedTokens]:
    """Join what several captioners wrote of each picture; one failure fails the picture."""
    rows: list[LearnedTokens] = []
    for row in zip(*columns, strict=True):
        failure = next((words for words in row if isinstance(words, UncaptionedError)), None)
        rows.append(failure or _JOINER.join(str(words) for words in row if words))
    return rows
