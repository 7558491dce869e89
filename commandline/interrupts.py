"""Signals: the first stops a job after its step, the second ends it within seconds.

After Ctrl+C (SIGINT) the exit code is 130; after SIGTERM and SIGUSR1, by which schedulers announce
that they take the machine away, it is 75, EX_TEMPFAIL of sysexits.h: run the same again to go on.

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
RUN_AGAIN = 75

_SHOW_CURSOR = "\x1b[?25h"
# Windows has no SIGUSR1.
_PREEMPTIONS = [getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name)]
_SIGNALS = (signal.SIGINT, *_PREEMPTIONS)
_received: list[int] = []


def on_interrupt(ask: Callable[[], None]) -> None:
    """Call `ask` at the first signal; at the second raise KeyboardInterrupt, or end the process."""
    _received.clear()

    def handle(number: int, _: object) -> None:
        _received.append(number)
        if len(_received) > 1:
            raise KeyboardInterrupt
        ask()

    for number in _SIGNALS:
        signal.signal(number, handle)
    near, far = socket.socketpair()
    near.settimeout(0)
    signal.set_wakeup_fd(near.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_exit_at_the_second, args=(near, far), daemon=True).start()


def stopped_code() -> int:
    """Return the exit code of a job that was stopped, by the first signal if there was one."""
    return RUN_AGAIN if _received and _received[0] in _PREEMPTIONS else INTERRUPTED


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
