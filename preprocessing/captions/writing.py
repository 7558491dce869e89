"""Write new captions for prepared pictures, in batches and in the order of the pictures.

Captioners are loaded with the first picture that needs them and closed at the end.
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
from preprocessing.prepared import PreparedPicture
from textual_inversion.events import Event
from textual_inversion.images.decoding import path_text
from textual_inversion.settings import PreprocessSettings

_JOINER = ", "
_MAX_WAITING = 4  # times a batch, so that pictures that need no caption are not held back
CaptionOrError = str | UncaptionedError


@dataclass
class CaptionWriter:
    """Captions prepared pictures with the captioners in the settings."""

    settings: PreprocessSettings
    stop: threading.Event
    captioners: list[Captioner] | None = None
    num_copied: int = 0
    """Number of pictures whose existing caption was copied instead of a new one."""

    @classmethod
    def of(cls, settings: PreprocessSettings, stop: threading.Event) -> Self:
        """Check each captioner as far as possible without loading it.

        Raises:
            ModelError: Something is missing; the message says what.
        """
        for name in settings.caption:
            captioner_module(name).check(settings)
        return cls(settings, stop)

    def with_captions(self, outcomes: Iterable[Outcome]) -> Generator[Event | Outcome, None, None]:
        """Yield all outcomes with captions, in order; end early when stopped."""
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
        return len(_views(waiting)) >= batch or len(waiting) >= _MAX_WAITING * batch

    def _finished(self, waiting: Sequence[Outcome]) -> Iterator[Event | Outcome]:
        texts: list[CaptionOrError] = []
        views, size = _views(waiting), self.settings.caption_batch
        for start in range(0, len(views), size):
            captioners = yield from self._loaded()
            if self.stop.is_set():
                return
            texts += _join([_caption_batch(one, views[start : start + size]) for one in captioners])
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

    def _with_captions(self, outcome: Outcome, texts: Iterator[CaptionOrError]) -> Outcome:
        if outcome.prepared is None:
            return outcome
        self.num_copied += all(picture.view is None for picture in outcome.prepared.pictures)
        pictures: list[PreparedPicture] = []
        failure: UncaptionedError | None = None
        for picture in outcome.prepared.pictures:
            text = next(texts) if picture.view is not None else ""
            if isinstance(text, UncaptionedError):
                failure = text
            else:
                pictures.append(self._with_caption(picture, text, outcome.prepared.existing))
        if failure is not None:
            problem = f"Picture {path_text(outcome.picture)} {failure}"
            return Outcome(outcome.picture, problem=problem)
        nonempty = tuple(picture for picture in pictures if picture.data or picture.caption)
        return replace(outcome, prepared=replace(outcome.prepared, pictures=nonempty))

    def _with_caption(self, picture: PreparedPicture, text: str, existing: str) -> PreparedPicture:
        policy, joiner = self.settings.existing_captions, self.settings.caption_joiner
        caption = merge(existing, text, policy=policy, joiner=joiner)
        return replace(picture, caption=caption, view=None)


def _views(outcomes: Sequence[Outcome]) -> list[Image.Image]:
    prepared_sets = [outcome.prepared for outcome in outcomes if outcome.prepared]
    return [
        picture.view
        for prepared in prepared_sets
        for picture in prepared.pictures
        if picture.view is not None
    ]


def _caption_batch(captioner: Captioner, views: Sequence[Image.Image]) -> list[CaptionOrError]:
    """Caption a batch; when it fails, one by one, so that only the failing ones are lost."""
    try:
        return [*captioner.caption(views)]
    except UncaptionedError as error:
        if len(views) == 1:
            return [error]
        return [words for view in views for words in _caption_batch(captioner, [view])]


def _join(columns: Sequence[Sequence[CaptionOrError]]) -> list[CaptionOrError]:
    """Join several captioners' captions for each picture; one failure fails the picture."""
    rows: list[CaptionOrError] = []
    for row in zip(*columns, strict=True):
        failure = next((words for words in row if isinstance(words, UncaptionedError)), None)
        rows.append(failure or _JOINER.join(str(words) for words in row if words))
    return rows
