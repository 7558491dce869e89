"""LAVIS, which captions pictures with sentences; in a process and virtual environment of its own.

Its package needs an older transformers than ours. `lavis_environment` creates the environment; the
process in it (`lavis_worker`) is sent requests as lines of JSON, and pictures as files.
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

from preprocessing.captioners.base import UncaptionedError
from preprocessing.captioners.blip import Lengths
from preprocessing.captioners.lavis_environment import (
    environment_folder,
    environment_python,
    is_installed,
)
from textual_inversion.background import run_in_background
from textual_inversion.errors import ModelError, SettingsError
from textual_inversion.events import Event
from textual_inversion.settings import PreprocessSettings

NAME = "LAVIS"
_WORKER = Path(__file__).with_name("lavis_worker.py")
_CLOSE_SECONDS = 5.0


class DownloadError(UncaptionedError):
    """What the process asked for is not here, and its download failed."""


def check(settings: PreprocessSettings) -> None:
    """Raise a ModelError if the environment is missing."""
    _model(settings)
    if not is_installed():
        raise ModelError(
            f"{NAME} has no environment at {environment_folder()} yet; make it with: ti captioners "
            "install lavis"
        )


def describe(settings: PreprocessSettings) -> str:
    """Describe where the environment is, or that weights are still to be downloaded."""
    weights = environment_folder() / "weights"
    if any(path.is_file() for path in weights.rglob("*")):
        return f"ready, {settings.lavis_model} in {environment_folder()}"
    return f"downloads the weights of {settings.lavis_model} into {weights} when it is first used"


def load(settings: PreprocessSettings, stop: threading.Event) -> Generator[Event, None, Lavis]:
    """Start the process and load the model in the settings."""
    name, kind = _model(settings)
    worker = Worker(
        environment_python(environment_folder()), weights=environment_folder() / "weights"
    )
    try:
        yield from run_in_background(
            lambda: worker.ask({"load": {"name": name, "type": kind}}),
            words=lambda: f"{NAME}: {settings.lavis_model}",
            stop=stop,
        )
    except UncaptionedError as error:
        worker.close()
        raise ModelError(_loading_error(settings.lavis_model, error)) from None
    except BaseException:
        # Also on an interrupt: the process must not outlive this one.
        worker.close()
        raise
    return Lavis(worker, Lengths.of(settings))


class Lavis:
    """A model loaded in the worker process."""

    def __init__(self, worker: Worker, lengths: Lengths) -> None:
        self._worker = worker
        self._options = {
            "min_length": lengths.min_length,
            "max_length": lengths.max_length,
            "num_beams": lengths.num_beams,
        }

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="ti-lavis-") as folder:
            paths = [
                str(Path(folder) / f"{environment_folder}.png")
                for environment_folder in range(len(pictures))
            ]
            for path, picture in zip(paths, pictures, strict=True):
                picture.save(path, compress_level=1)
            try:
                response = self._worker.ask({"pictures": paths, "options": self._options})
            except UncaptionedError as error:
                raise UncaptionedError(f"could not be captioned by {NAME}: {error}") from None
        return [" ".join(str(text).split()) for text in response["captions"]]

    def close(self) -> None:
        """End the process."""
        self._worker.close()


class Worker:
    """The worker process: one request at a time; its stderr is saved for an error message."""

    def __init__(self, python: Path, *, weights: Path) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as this object
        inherited = {key: os.environ[key] for key in os.environ if not key.startswith("PYTHON")}
        self._process = subprocess.Popen(
            [python, "-I", "-X", "utf8", str(_WORKER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr,
            encoding="utf-8",
            env={**inherited, "TORCH_HOME": str(weights)},
            start_new_session=True,  # Ctrl+C must not interrupt its batch
        )  # fmt: skip

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return the response; UncaptionedError when it is an error.

        Raises:
            ModelError: The process has ended.
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
            raise ModelError(f"{NAME}'s process has ended: {self._exit_reason()}")
        answer = json.loads(line)
        if "error" in answer:
            kind = DownloadError if answer.get("network") else UncaptionedError
            raise kind(str(answer["error"]).splitlines()[0])
        return answer

    def close(self) -> None:
        """End the process; a busy one is killed after five seconds."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._stderr.close()

    def _exit_reason(self) -> str:
        self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"


def _loading_error(model: str, error: UncaptionedError) -> str:
    if not isinstance(error, DownloadError):
        return f"{NAME} cannot load {model}: {error}"
    return (
        f"{NAME} has no weights of {model} in {environment_folder() / 'weights'} and cannot "
        f"download them ({error}); connect to the internet once, or choose another captioner."
    )


def _model(settings: PreprocessSettings) -> tuple[str, str]:
    name, slash, kind = settings.lavis_model.partition("/")
    if not (name and slash and kind):
        raise SettingsError(
            f'lavis_model "{settings.lavis_model}" must be a name and a type, such as '
            "blip_caption/base_coco."
        )
    return name, kind
