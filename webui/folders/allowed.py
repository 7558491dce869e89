"""Which folders the page may read and write: the project's, and those that somebody agreed to.

A page that others can reach keeps to the project's folders.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from textual_inversion.errors import SettingsError
from textual_inversion.images.decoding import path_text
from textual_inversion.storage.paths import find_folder

_NAMES = ("datasets", "prepared", "samples", "outputs")


class AllowedFolders:
    """The folders of one process; `is_public` when others than its own user can reach the page."""

    def __init__(self, *, is_public: bool = False) -> None:
        self.is_public = is_public
        self._lock = threading.Lock()
        self._asked: set[Path] = set()

    def check(self, *names: str) -> None:
        """Check folders that a page names; an empty name is left to who needs one.

        Raises:
            SettingsError: Some lie outside of the project's folders; from a page of one's own only
                the first time, so that doing the same again is the answer to the question.
        """
        folders = [real(name) for name in names if name.strip()]
        foreign = [folder for folder in folders if not self.holds(folder)]
        if not foreign:
            return
        listed = " and ".join(path_text(folder) for folder in foreign)
        outside = f"{listed} {'lies' if len(foreign) == 1 else 'lie'} outside of this project"
        if self.is_public:
            raise SettingsError(
                f"{outside}, and others can reach this page; choose a folder in "
                f"{path_text(working_folder())}, or add your pictures on this page."
            )
        with self._lock:
            self._asked.update(foreign)
        raise SettingsError(
            f"{outside}. Press once more to use it all the same; you are asked once."
        )

    def refuse_foreign(self, *names: str) -> None:
        """Refuse what `check` would refuse each time, and ask nothing: for what no person presses.

        Raises:
            SettingsError: Others can reach the page, and a folder lies outside of the project's.
        """
        if self.is_public:
            self.check(*names)

    def holds(self, folder: Path) -> bool:
        """Whether a real path lies in one of the folders that may be read."""
        with self._lock:
            agreed = () if self.is_public else tuple(self._asked)
        return any(folder.is_relative_to(root) for root in (*roots(), *agreed))


def roots() -> list[Path]:
    """List the real paths of the project's folders that exist, where browsing may begin."""
    here, shipped = working_folder(), find_folder("samples")
    # Started in one's home, or in /, the working folder says nothing about what is the project's.
    if here in {Path.home().resolve(), Path(here.anchor)}:
        found = [here / name for name in _NAMES]
    else:
        found = [here]
    existing = [path.resolve() for path in (*found, shipped) if path.is_dir()]
    return [path for path in dict.fromkeys(existing) if not _is_below_another(path, existing)]


def real(name: str) -> Path:
    """Return the real path of a folder by the name that a form gives it, as jobs read it."""
    try:
        path = Path(name.strip()).expanduser()
    except RuntimeError:  # "~nobody" has no home directory
        path = Path(name.strip())
    if not path.is_absolute() and not path.exists():
        path = find_folder(name.strip())
    return Path(os.path.realpath(path)) if "\0" not in name else path


def working_folder() -> Path:
    """Return the real path of TI_HOME, or of the folder in which the program was started."""
    return Path(os.path.realpath(os.environ.get("TI_HOME", ".")))


def shown(folder: Path) -> str:
    """Write a folder as a form does: from the folder of the process if it lies in there."""
    here = Path(os.path.realpath("."))
    is_below = folder != here and folder.is_relative_to(here)
    return str(folder.relative_to(here)) if is_below else str(folder)


def _is_below_another(path: Path, others: list[Path]) -> bool:
    return any(path != other and path.is_relative_to(other) for other in others)


ALLOWED = AllowedFolders()
"""Those of this process; the server says whether others can reach it."""
