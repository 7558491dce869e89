"""The virtual environment of LAVIS.

salesforce-lavis 1.0.2 requires transformers < 4.27, whose tokenizers has wheels for Python up to
3.11 only. Where ours is newer, the environment can be created with another Python.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from preprocessing.captioners.commands import output_of
from textual_inversion.errors import ModelError, StorageError
from textual_inversion.storage.atomic import explain, write_whole
from textual_inversion.storage.paths import find_folder

# torch from 2.6 on loads weights without running code in them; LAVIS itself needs numpy 1.
REQUIREMENTS = ("salesforce-lavis==1.0.2", "torch>=2.6", "torchvision", "numpy<2", "setuptools<81")
_NEWEST = (3, 11)
_SUPPORTED = ("python3.11", "python3.10", "python3.9")
_COMPLETE = "complete"


def environment_folder() -> Path:
    """Return the folder of the environment, which need not exist."""
    return find_folder("models/lavis")


def environment_python(folder: Path) -> Path:
    """Return the path of the environment's Python."""
    windows = os.name == "nt"
    return folder / "environment" / ("Scripts/python.exe" if windows else "bin/python")


def is_installed() -> bool:
    """Whether the environment was installed completely."""
    return (environment_folder() / _COMPLETE).is_file() and environment_python(
        environment_folder()
    ).exists()


def install(python: str = "", requirements: tuple[str, ...] = REQUIREMENTS) -> Iterator[str]:
    """Create the environment from scratch; yield the output of venv and pip.

    Args:
        python: The Python to create it with; empty finds one that is supported.
        requirements: What pip installs.

    Raises:
        ModelError: No supported Python is found, or venv or pip failed.
    """
    # Relative to where `ti` runs, or to TI_HOME: never into an installed package.
    folder = (Path(os.environ.get("TI_HOME", ".")) / "models" / "lavis").absolute()
    base = python or _find_python()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _COMPLETE).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(explain(folder, error, doing="make the environment in")) from error
    yield f"Creating an environment in {folder} with {base} ..."
    yield from _run([base, "-m", "venv", "--clear", str(folder / "environment")])
    inside = str(environment_python(folder))
    yield from _run([inside, "-m", "pip", "install", *requirements])
    yield from _run([inside, "-c", "import lavis.models"])
    write_whole(folder / _COMPLETE, b"")
    yield "LAVIS is ready; its weights are downloaded when it is first used."


def _find_python() -> str:
    if sys.version_info[:2] <= _NEWEST:
        return sys.executable
    found = next((path for name in _SUPPORTED if (path := shutil.which(name))), None)
    if found is None:
        raise ModelError(
            "LAVIS needs Python 3.9 to 3.11 for its environment, and none is on the search path; "
            "install one and name it: ti captioners install lavis --python /path/to/python3.11"
        )
    return found


def _run(command: list[str]) -> Iterator[str]:
    yield from output_of(command, failure="The environment could not be created")
