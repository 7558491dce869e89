"""A base model downloaded from the Hub while the page tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

from textual_inversion.models.catalog import is_here
from textual_inversion.models.downloads.counts import Counts
from textual_inversion.models.hub import check_hub_name, fetch

_EVERY_SECONDS = 0.5


def download(name: str, revision: str, variant: str) -> Iterator[str]:
    """Download a model; yield sentences on the progress, at last that it is here.

    Raises:
        ModelError: The name is none of the Hub's, or the model cannot be downloaded.
    """
    named = f"{name.strip()}@{revision.strip()}" if revision.strip() else name.strip()
    check_hub_name(named)
    counts = Counts()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(fetch, named, variant=variant.strip(), progress_bar=counts.bar)
        while not job.done():
            known = counts.in_mb()
            yield f"Downloading {named}{f': {known}' if known else ''} ..."
            wait([job], _EVERY_SECONDS)
        yield f"{named} is here: {job.result()}"


def download_if_needed(name: str) -> Iterator[str]:
    """Download a model that is named as on the Hub and not here yet, as `download` does."""
    if not is_here(name):
        yield from download(name, "", "")
