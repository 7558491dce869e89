"""How much of a download is done, as the Hub's client tells its progress bars."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

_MB = 1e6
# At first only a few small files are known of.
_LEAST = _MB / 2


class StoppedError(Exception):
    """Ends a download from within its progress bar; files that are complete stay."""


class Counts:
    """The progress bars of one download, which are kept instead of drawn.

    `stopping` is asked whenever bytes have come, and ends the download.
    """

    def __init__(self, stopping: Callable[[], bool] = lambda: False) -> None:
        self._bars: list[Any] = []
        self.bar = _make_bar(self._bars, stopping)
        """A class like tqdm's, to give to the Hub's client."""

    @property
    def done(self) -> int:
        """The bytes that have come."""
        return max((bar.n or 0 for bar in self._bars), default=0)

    @property
    def total(self) -> int:
        """The bytes of all files as far as they are known, else 0."""
        return max((bar.total or 0 for bar in self._bars), default=0)

    def in_mb(self) -> str:
        """Word how far it is, such as "10 of 24 MB"; "" while little is known."""
        total = self.total
        return f"{self.done / _MB:,.0f} of {total / _MB:,.0f} MB" if total >= _LEAST else ""

    def in_brackets(self) -> str:
        """Word it in twentieths, so that a log is not flooded: " (40 % of 24 MB)", or ""."""
        total = self.total
        if total < _LEAST:
            return ""
        return f" ({5 * int(20 * self.done / total)} % of {total / _MB:,.0f} MB)"


def _make_bar(bars: list[Any], stopping: Callable[[], bool]) -> type[Any]:
    tqdm: Any = importlib.import_module("tqdm").tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            if options.get("unit") == "B":
                bars.append(self)

        def update(self, n: float | None = 1) -> None:
            if stopping():
                raise StoppedError
            super().update(n)

        def display(self, *_: Any, **__: Any) -> None:
            pass

    return Bar
