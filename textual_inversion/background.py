"""Run slow work in a thread while a generator yields events, so that a job can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import TypeVar

from textual_inversion.events import Event, Loading

Result = TypeVar("Result")
_POLL_SECONDS = 0.3


def run_in_background(
    work: Callable[[], Result], *, words: Callable[[], str], stop: threading.Event
) -> Generator[Event, None, Result]:
    """Return the result of `work`; yield a Loading whenever `words()` change or `stop` is set.

    A caller that stops iterating abandons the thread.
    """
    future = _start(work)
    last_message = ""
    while True:
        message = words()
        if message != last_message or stop.is_set():
            last_message = message
            yield Loading(message)
        try:
            return future.result(_POLL_SECONDS)
        except TimeoutError:
            if future.done():
                raise  # raised by the work itself


def _start(work: Callable[[], Result]) -> Future[Result]:
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            future.set_exception(error)

    threading.Thread(target=run, name="background", daemon=True).start()
    return future
