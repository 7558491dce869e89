"""Where the project's folders are."""

from __future__ import annotations

import os
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
