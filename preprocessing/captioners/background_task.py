"""Slow work in a thread, watched from a generator of events, so that a stop is heard meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import TypeVar

from textual_inversion.events import Event, Loading

Result = TypeVar("Result")
_LOOK_SECONDS = 0.3


def awaited(
    work: Callable[[], Result], *, words: Callable[[], str], stop: threading.Event
) -> Generator[Event, None, Result]:
    """Give the result of `work`, saying `words()` whenever they change, and once `stop` is set.

    Whoever does not go on after a stop leaves the thread to itself.
    """
    future = _begun(work)
    shown = ""
    while True:
        said = words()
        if said != shown or stop.is_set():
            shown = said
            yield Loading(said)
        try:
            return future.result(_LOOK_SECONDS)
        except TimeoutError:
            if future.done():
                raise  # it is the work's own


def _begun(work: Callable[[], Result]) -> Future[Result]:
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, name="background", daemon=True).start()
    return future
