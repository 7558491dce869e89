"""A base model downloaded from the Hub while the page tells how far it is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from textual_inversion.models.hub import check_hub_name, fetch

_EVERY_SECONDS = 0.5
_MB = 1e6


def download(name: str, revision: str, variant: str) -> Iterator[str]:
    """Download a model; yield sentences on the progress, at last that it is here.

    Raises:
        ModelError: The name is none of the Hub's, or the model cannot be downloaded.
    """
    named = f"{name.strip()}@{revision.strip()}" if revision.strip() else name.strip()
    check_hub_name(named)
    bars: list[Any] = []
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(fetch, named, variant=variant.strip(), progress_bar=_recorded(bars))
        while not job.done():
            yield f"Downloading {named}{_progress(bars)} ..."
            wait([job], _EVERY_SECONDS)
        yield f"{named} is here: {job.result()}"


def _progress(bars: list[Any]) -> str:
    done = max((bar.n or 0 for bar in bars), default=0)
    total = max((bar.total or 0 for bar in bars), default=0)
    return f": {done / _MB:,.0f} of {total / _MB:,.0f} MB" if total else ""


def _recorded(bars: list[Any]) -> type[Any]:
    """Make a progress bar that is only kept, where it counts bytes."""
    tqdm: Any = importlib.import_module("tqdm").tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            if options.get("unit") == "B":
                bars.append(self)

        def display(self, *_: Any, **__: Any) -> None:
            pass

    return Bar
