"""What captioners need beyond this program, installed into its environment when asked for.

Only this project's own extras are installed, by what its metadata says that they hold, and the
environment of LAVIS is made; no name of a package comes from elsewhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

from preprocessing.captioners import lavis_environment
from preprocessing.captioners.commands import output_of
from textual_inversion.errors import ModelError

_PROJECT = "textual-inversion-webui"
# The extra of each captioner that has one, and the package that tells whether it is here.
_EXTRAS = {"wd14": ("wd14", "onnxruntime"), "deepdanbooru": ("deepdanbooru", "keras")}
_LAVIS = "lavis"


def installable() -> list[str]:
    """List the captioners whose packages are not here and can be installed."""
    missing = [name for name, (_, package) in _EXTRAS.items() if not _is_here(package)]
    return [*missing, *([] if lavis_environment.is_installed() else [_LAVIS])]


def what_is_installed(name: str) -> str:
    """Say what installing for a captioner puts where, as the end of a sentence.

    Raises:
        ModelError: It is no captioner of `installable`, or this program was not installed by pip.
    """
    if name == _LAVIS:
        return "an environment of its own in models/lavis, of about 7 GB"
    return f"{' and '.join(requirements(name))} into {sys.prefix}"


def requirements(name: str) -> list[str]:
    """List what the extra of a captioner holds, as pip takes it.

    Raises:
        ModelError: As for `what_is_installed`.
    """
    if name not in _EXTRAS:
        known = ", ".join((*_EXTRAS, _LAVIS))
        raise ModelError(f'Nothing is installed for "{name}"; there is something for: {known}.')
    from packaging.requirements import Requirement

    extra, _ = _EXTRAS[name]
    try:
        listed = [Requirement(line) for line in requires(_PROJECT) or ()]
    except PackageNotFoundError:
        raise ModelError(
            f"{_PROJECT} was not installed by pip, so it does not say what {name} needs; install "
            'it with pip install -e ".", and try again.'
        ) from None
    return [
        f"{one.name}{one.specifier}"
        for one in listed
        if one.marker is not None
        and one.marker.evaluate({"extra": extra})
        and not one.marker.evaluate({"extra": ""})
    ]


def install(name: str, stop: threading.Event | None = None) -> Iterator[str]:
    """Install what a captioner needs; yield the output of pip.

    Raises:
        ModelError: As for `what_is_installed`, or pip failed.
    """
    if name == _LAVIS:
        yield from lavis_environment.install()
        return
    command = [sys.executable, "-m", "pip", "install", *requirements(name)]
    yield from output_of(command, failure=f"{name} could not be installed", stop=stop)
    importlib.invalidate_caches()


def _is_here(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
