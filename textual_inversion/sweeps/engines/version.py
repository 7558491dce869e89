"""Which version of the program this is, to be compared between machines."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """Return the version of the installed package, "" where it runs without being installed."""
    try:
        return version("textual-inversion-webui")
    except PackageNotFoundError:
        return ""
