"""What Ctrl+C and a TERM do to a command: the first asks, the second ends it within seconds.

Python's own handlers run between two lines of the main thread, which may be deep in a library. So a
thread beside it hears the signals, too, and ends the process if the second one does not.
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
    """Call `ask` at the first signal; raise KeyboardInterrupt at the second, and see it through."""
    asked = False

    def hear(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        ask()

    for number in _SIGNALS:
        signal.signal(number, hear)
    near, far = socket.socketpair()
    near.settimeout(0)
    signal.set_wakeup_fd(near.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_at_the_second, args=(near, far), daemon=True).start()


def _end_at_the_second(near: socket.socket, far: socket.socket) -> None:
    """Count the signals; `near` is kept open by being here."""
    heard = 0
    while heard < 2:
        numbers = far.recv(16)
        if not numbers:
            return
        heard += sum(number in _SIGNALS for number in numbers)
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
