"""Where the project's folders are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OUTPUT_FOLDERS = {("embeddings",), ("runs",), ("outputs",), ("presets",)}


def kept_file(name: str) -> Path:
    """Return the path of a file in which the program keeps something for itself, "here"."""
    return Path(os.environ.get("TI_HOME", ".")) / ".textual-inversion" / name


def find_folder(name: str) -> Path:
    """Find `embeddings`, `templates`, `models` or the like: here, else in the project's folder.

    The environment variable TI_HOME replaces "here", the working directory; with it, the output
    folders (embeddings, runs, outputs, presets) are never looked for elsewhere.
    """
    here = Path(os.environ.get("TI_HOME", ".")) / name
    if "TI_HOME" in os.environ and Path(name).parts[:1] in _OUTPUT_FOLDERS:
        return here
    package = Path(__file__).resolve().parents[1]
    shipped = (package.parent / name, package / "_project" / name)
    return here if here.is_dir() else next((path for path in shipped if path.is_dir()), here)


def by_day(folder: Path, file: str) -> Iterator[Path]:
    """Find the folders <day>/<name> below a folder that hold a file, lazily, the newest first.

    Those of one day come by the time of that file. Whoever wants the newest looks at one day only.
    """
    days = sorted((path for path in folder.glob("*") if path.is_dir()), reverse=True)
    for day in days:
        found: list[tuple[float, Path]] = []
        for path in day.glob(f"*/{file}"):
            with suppress(OSError):  # deleted in the meantime
                found.append((path.stat().st_mtime, path.parent))
        yield from (inside for _, inside in sorted(found, reverse=True))
