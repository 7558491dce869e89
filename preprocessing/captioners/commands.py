"""A program run for its output, line by line."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence

from textual_inversion.errors import ModelError


def output_of(
    command: Sequence[str], *, failure: str, stop: threading.Event | None = None
) -> Iterator[str]:
    """Yield what a command prints; it is ended after a line when `stop` is set.

    Raises:
        ModelError: It cannot be run or failed; the message begins with `failure`.
    """
    last = ""
    try:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            errors="replace",
        ) as process:  # fmt: skip
            for line in process.stdout or ():
                last = line.strip() or last
                yield line.rstrip()
                if stop is not None and stop.is_set():
                    process.terminate()
                    return
    except OSError as error:
        raise ModelError(f"{command[0]} cannot be run: {error.strerror}.") from error
    if process.returncode:
        raise ModelError(f"{failure}; {' '.join(command[1:4])} failed: {last}")
