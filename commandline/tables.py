"""Listings: a table at a terminal, drawn by rich; the same lines as ever in a pipe or a file."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from textual_inversion.errors import printable

_SHORT = 16  # characters of a cell that is not broken into lines
# Each state of a run has a colour of its own, as on the page.
_STYLES = {
    "running": "cyan",
    "waiting": "blue",
    "finished": "green",
    "converged": "bright_green",
    "stopped": "yellow",
    "failed": "red",
    "killed": "magenta",
}


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal in which the cursor can move."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def add_json_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, for a command that lists."""
    parser.add_argument("--json", action="store_true", help="Print JSON for scripts.")


def print_json(data: object) -> None:
    """Print data as indented JSON; paths become text."""
    print(json.dumps(data, indent=2, default=str))


def print_table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], *, plain: Iterable[str]
) -> None:
    """Print rows under titles at a terminal, or the `plain` lines, which scripts may read."""
    if is_terminal(sys.stdout):
        _draw(titles, rows)
    else:
        for line in plain:
            print(printable(line))


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows as lines with the columns one under another; no cell is cut."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in shown) for at in range(len(shown[0]) - 1)]
    return [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]])
        for row in shown
    ]


def _draw(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[Text(printable(cell), style=_STYLES.get(cell, "")) for cell in row] for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, column in zip(titles, zip(*cells, strict=True), strict=True):
        is_short = max(map(len, column)) <= _SHORT
        # What is long goes on in the next line: nothing is cut.
        table.add_column(title, no_wrap=is_short, overflow="fold")
    for row in cells:
        table.add_row(*row)
    Console(file=sys.stdout, markup=False, highlight=False, emoji=False).print(table)
