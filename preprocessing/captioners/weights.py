"""Find a captioner's model: in a local folder, or on the Hugging Face Hub."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.background import run_in_background
from textual_inversion.errors import ModelError
from textual_inversion.events import Event
from textual_inversion.models.downloads.counts import Counts
from textual_inversion.models.hub import (
    cached_file,
    describe_download_error,
    download,
    download_errors,
    is_hub_name,
)
from textual_inversion.storage.paths import find_folder

Part = tuple[str, ...]  # file patterns, of which one has to match


@dataclass(frozen=True)
class Weights:
    """A captioner's model: its folder if it is local, else None for the Hub."""

    captioner: str
    name: str
    folder: Path | None
    files: tuple[str, ...]
    parts: tuple[Part, ...] = ()

    def __str__(self) -> str:
        """Describe where the model is or will be downloaded from."""
        if self.folder:
            return f"ready, in {self.folder}"
        cached = cached_file(self.name, self.files[0])
        if cached and not self._lacking(cached.parent):
            return f"ready, {self.name} in the Hugging Face Hub's cache"
        return f"downloads {self.name} from the Hugging Face Hub when it is first used"

    def check(self) -> None:
        """Raise a ModelError if the folder lacks a part of the model."""
        if self.folder and (lacking := self._lacking(self.folder)):
            raise ModelError(
                f"The folder {self.folder} is not a complete model for {self.captioner}: it has no "
                f"{lacking}; download it again."
            )

    def _lacking(self, folder: Path) -> str:
        """Return the first part that a folder lacks; "" if it has all."""
        required = (*((file,) for file in self.files), *self.parts)
        return next((" or ".join(part) for part in required if not _is_in(folder, part)), "")


def find_weights(
    name: str, *, captioner: str, files: Sequence[str], parts: Sequence[Part] = ()
) -> Weights:
    """Find a model that has all of `files`, by path, by its name under models/, or on the Hub.

    `parts` are further required files, for which `Weights.check` looks.
    """
    last = name.rstrip("/").rpartition("/")[2]
    paths = (Path(name).expanduser(), find_folder(name), *_under_models(name, last))
    folders = [path for path in paths if name.strip() and path.is_dir()]
    for folder in folders:
        if all((folder / file).is_file() for file in files):
            return Weights(captioner, name, folder, tuple(files), tuple(parts))
    if folders:
        missing = next(file for file in files if not (folders[0] / file).is_file())
        raise ModelError(
            f"The folder {folders[0]} is not a model for {captioner}: it has no {missing}; add "
            "the file or choose another model."
        )
    if not is_hub_name(name):
        raise ModelError(
            f'There is no folder "{name}" with a model for {captioner}; give the path of one, or '
            "a name on the Hugging Face Hub, such as owner/model."
        )
    return Weights(captioner, name, None, tuple(files), tuple(parts))


def fetch(
    weights: Weights, patterns: Iterable[str], *, stop: threading.Event
) -> Generator[Event, None, Path]:
    """Return the model's folder, after downloading it from the Hub if it is not local.

    After `stop` an event is yielded at once; a caller that stops iterating abandons the download.
    """
    if weights.folder:
        return weights.folder
    counts = Counts()
    what = f"{weights.captioner}: {weights.name}"
    try:
        return (
            yield from run_in_background(
                lambda: download(weights.name, patterns, progress_bar=counts.bar),
                words=lambda: what + counts.in_brackets(),
                stop=stop,
            )
        )
    except download_errors() as error:
        raise _unreachable(weights, describe_download_error(error)) from error


def _unreachable(weights: Weights, reason: str) -> ModelError:
    folder = Path(os.environ.get("TI_HOME", ".")) / "models" / weights.name.rpartition("/")[2]
    return ModelError(
        f"The model {weights.name} for {weights.captioner} is not on this machine and could not be "
        f"downloaded from the Hugging Face Hub ({reason}); put its files ("
        f"{', '.join(weights.files)} ...) into {folder}, or try again with a connection."
    )


def _is_in(folder: Path, part: Part) -> bool:
    return any(path.stat().st_size for pattern in part for path in folder.glob(pattern))


def _under_models(*names: str) -> list[Path]:
    return [find_folder("models") / name for name in names if name]
