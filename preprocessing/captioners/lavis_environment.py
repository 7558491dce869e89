"""The environment in which LAVIS lives: a virtual environment of its own, made by pip.

salesforce-lavis 1.0.2 asks for transformers < 4.27, whose tokenizers come ready-made for Python up
to 3.11. An older Python can make the environment where ours is newer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.errors import ModelError, StorageError
from textual_inversion.storage.atomic import explain, write_whole
from textual_inversion.storage.paths import find_folder

# torch from 2.6 on reads weights without running code in them; LAVIS's own parts need numpy 1.
REQUIREMENTS = ("salesforce-lavis==1.0.2", "torch>=2.6", "torchvision", "numpy<2", "setuptools<81")
_NEWEST = (3, 11)
_FITTING = ("python3.11", "python3.10", "python3.9")
_COMPLETE = "complete"


def place() -> Path:
    """Give the folder of the environment, whether it is there or not."""
    return find_folder("models/lavis")


def python_of(folder: Path) -> Path:
    """Give the environment's Python."""
    windows = os.name == "nt"
    return folder / "environment" / ("Scripts/python.exe" if windows else "bin/python")


def is_made() -> bool:
    """Tell whether the environment was made to its end."""
    return (place() / _COMPLETE).is_file() and python_of(place()).exists()


def install(python: str = "", requirements: tuple[str, ...] = REQUIREMENTS) -> Iterator[str]:
    """Make the environment anew; yield what the tools say.

    Args:
        python: The Python to make it with; empty takes one that fits.
        requirements: What pip installs.

    Raises:
        ModelError: No Python fits, or the tools failed; an unfinished environment is not used.
    """
    # Relative to where `ti` runs, or to TI_HOME: never into an installed package.
    folder = (Path(os.environ.get("TI_HOME", ".")) / "models" / "lavis").absolute()
    base = python or _fitting_python()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _COMPLETE).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(explain(folder, error, doing="make the environment in")) from error
    yield f"Making an environment in {folder} with {base} ..."
    yield from _run([base, "-m", "venv", "--clear", str(folder / "environment")])
    inside = str(python_of(folder))
    yield from _run([inside, "-m", "pip", "install", *requirements])
    yield from _run([inside, "-c", "import lavis.models"])
    write_whole(folder / _COMPLETE, b"")
    yield "LAVIS is ready; its weights are downloaded when it is first used."


def _fitting_python() -> str:
    if sys.version_info[:2] <= _NEWEST:
        return sys.executable
    found = next((path for name in _FITTING if (path := shutil.which(name))), None)
    if found is None:
        raise ModelError(
            "LAVIS needs Python 3.9 to 3.11 for its environment, and none is on the search path; "
            "install one and name it: ti captioners install lavis --python /path/to/python3.11"
        )
    return found


def _run(command: list[str]) -> Iterator[str]:
    last = ""
    try:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            errors="replace",
        ) as process:  # fmt: skip
            for line in process.stdout or ():
                last = line.strip() or last
                yield line.rstrip()
    except OSError as error:
        raise ModelError(f"{command[0]} cannot be run: {error.strerror}.") from error
    if process.returncode:
        raise ModelError(
            f"The environment could not be made; {' '.join(command[1:4])} said: {last}"
        )
