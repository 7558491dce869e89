"""LAVIS, which describes pictures in sentences; in a process and an environment of its own.

Its package needs a transformers too old to live beside ours. `environment` makes the environment;
the process there (`lavis_worker`) is spoken to in lines of JSON, and sees pictures as files.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from preprocessing.captioners.background_task import awaited
from preprocessing.captioners.base import UncaptionedError
from preprocessing.captioners.blip import Lengths
from preprocessing.captioners.lavis_environment import is_made, place, python_of
from textual_inversion.errors import ModelError, SettingsError
from textual_inversion.events import Event
from textual_inversion.settings import PreprocessSettings

NAME = "LAVIS"
_WORKER = Path(__file__).with_name("lavis_worker.py")
_PARTING_SECONDS = 5.0


class DownloadError(UncaptionedError):
    """What the process asked for is not here, and its download failed."""


def check(settings: PreprocessSettings) -> None:
    """Raise a ModelError that says that the environment is missing."""
    _model(settings)
    if not is_made():
        raise ModelError(
            f"{NAME} has no environment at {place()} yet; make it with: ti captioners install lavis"
        )


def describe(settings: PreprocessSettings) -> str:
    """Say where the environment is, and whether any weights are there already."""
    weights = place() / "weights"
    if any(path.is_file() for path in weights.rglob("*")):
        return f"ready, {settings.lavis_model} in {place()}"
    return f"downloads the weights of {settings.lavis_model} into {weights} when it is first used"


def load(settings: PreprocessSettings, stop: threading.Event) -> Generator[Event, None, Lavis]:
    """Start the process and have it load the model that the settings name."""
    name, kind = _model(settings)
    worker = Worker(python_of(place()), weights=place() / "weights")
    try:
        yield from awaited(
            lambda: worker.ask({"load": {"name": name, "type": kind}}),
            words=lambda: f"{NAME}: {settings.lavis_model}",
            stop=stop,
        )
    except UncaptionedError as error:
        worker.close()
        raise ModelError(_unloaded(settings.lavis_model, error)) from None
    except BaseException:
        # Also an interrupt: the process must not outlive whoever started it.
        worker.close()
        raise
    return Lavis(worker, Lengths.of(settings))


class Lavis:
    """A model loaded in the other process."""

    def __init__(self, worker: Worker, lengths: Lengths) -> None:
        self._worker = worker
        self._options = {
            "min_length": lengths.least, "max_length": lengths.most, "num_beams": lengths.beams,
        }  # fmt: skip

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """Describe each picture in a sentence."""
        with tempfile.TemporaryDirectory(prefix="ti-lavis-") as folder:
            paths = [str(Path(folder) / f"{place}.png") for place in range(len(pictures))]
            for path, picture in zip(paths, pictures, strict=True):
                picture.save(path, compress_level=1)
            try:
                answer = self._worker.ask({"pictures": paths, "options": self._options})
            except UncaptionedError as error:
                raise UncaptionedError(f"could not be captioned by {NAME}: {error}") from None
        return [" ".join(str(text).split()) for text in answer["captions"]]

    def close(self) -> None:
        """End the process."""
        self._worker.close()


class Worker:
    """The process: asked one thing at a time; what it complains of is kept for the case it dies."""

    def __init__(self, python: Path, *, weights: Path) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        inherited = {key: os.environ[key] for key in os.environ if not key.startswith("PYTHON")}
        self._process = subprocess.Popen(
            [python, "-I", "-X", "utf8", str(_WORKER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
            encoding="utf-8",
            env={**inherited, "TORCH_HOME": str(weights)},
            start_new_session=True,  # Ctrl+C is for us, and lets it finish its batch
        )  # fmt: skip

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give the answer to a request; UncaptionedError when it is a complaint.

        Raises:
            ModelError: The process has died.
        """
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise ModelError(f"{NAME}'s process has ended: {self._last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            kind = DownloadError if answer.get("network") else UncaptionedError
            raise kind(str(answer["error"]).splitlines()[0])
        return answer

    def close(self) -> None:
        """End the process; one that is busy is killed after a moment."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_PARTING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._complaints.close()

    def _last_words(self) -> str:
        self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"


def _unloaded(model: str, error: UncaptionedError) -> str:
    if not isinstance(error, DownloadError):
        return f"{NAME} cannot load {model}: {error}"
    return (
        f"{NAME} has no weights of {model} in {place() / 'weights'} and cannot download them "
        f"({error}); connect to the internet once, or choose another captioner."
    )


def _model(settings: PreprocessSettings) -> tuple[str, str]:
    name, slash, kind = settings.lavis_model.partition("/")
    if not (name and slash and kind):
        raise SettingsError(
            f'lavis_model "{settings.lavis_model}" must be a name and a type, such as '
            "blip_caption/base_coco."
        )
    return name, kind
