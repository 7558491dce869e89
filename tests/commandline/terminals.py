"""A program in a terminal of its own, and what one would read there."""

import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PART = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


def at_a_terminal(argv, cwd, *, columns=100, **environment):
    """Run Python at a terminal; return its exit code and all that was written to it."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, columns))
    unset = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
    env = {key: value for key, value in os.environ.items() if key not in unset}
    env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **environment}
    with subprocess.Popen(
        [sys.executable, *argv], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=env
    ) as process:
        os.close(theirs)
        written = b""
        with suppress(OSError):  # so Linux says that nobody writes any more
            while part := os.read(ours, 65536):
                written += part
        os.close(ours)
        return process.wait(60), written.decode()


def screen(written):
    """Return the lines that stand on the screen in the end, without colours."""
    lines, row, column = [""], 0, 0
    for part in _PART.finditer(written):
        text, command = part[0], part[2]
        if text == "\r":
            column = 0
        elif text == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif command == "A":
            row -= int(part[1] or 1)
        elif command == "K":
            lines[row] = "" if part[1] == "2" else lines[row][:column]
        elif command is None:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
    return [line.rstrip() for line in lines if line.strip()]
