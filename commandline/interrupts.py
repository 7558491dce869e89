"""Ctrl+C and SIGTERM: the first stops a job after its step, the second ends it within seconds.

Python calls signal handlers in the main thread, between two bytecodes; it may be deep in a library.
So a second thread receives the signals, too, and ends the process if the second one does not.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

GRACE_SECONDS = 5.0  # for closing files and saving what was learned
INTERRUPTED = 130

_SHOW_CURSOR = "\x1b[?25h"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def on_interrupt(ask: Callable[[], None]) -> None:
    """Call `ask` at the first signal; at the second raise KeyboardInterrupt, or end the process."""
    asked = False

    def handle(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        ask()

    for number in _SIGNALS:
        signal.signal(number, handle)
    near, far = socket.socketpair()
    near.settimeout(0)
    signal.set_wakeup_fd(near.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_exit_at_the_second, args=(near, far), daemon=True).start()


def _exit_at_the_second(near: socket.socket, far: socket.socket) -> None:
    """Count the signals; `near` is kept open by being here."""
    received = 0
    while received < 2:
        numbers = far.recv(16)
        if not numbers:
            return
        received += sum(number in _SIGNALS for number in numbers)
    threading.Event().wait(GRACE_SECONDS)
    _write_last_line()
    near.close()
    os._exit(INTERRUPTED)


def _write_last_line() -> None:
    """Write past sys.stderr: a progress bar stands in its place, and may be what is stuck."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and stream.isatty():
            stream.write(_SHOW_CURSOR)  # the bar hides it
            stream.flush()
    if sys.__stderr__ is not None:
        sys.__stderr__.write("ti: ended at once; what was not saved yet is lost.\n")
        sys.__stderr__.flush()
