"""The protocols of captioners and their modules, and the import of one by name."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

from PIL import Image

from textual_inversion.errors import ModelError
from textual_inversion.events import Event
from textual_inversion.settings import PreprocessSettings


class UncaptionedError(Exception):
    """A picture could not be captioned; the message continues "Picture x ..."."""


class Captioner(Protocol):
    """A loaded model that writes captions."""

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """Write one caption for each RGB picture; UncaptionedError when the batch fails."""
        ...

    def close(self) -> None:
        """Unload the model and free its memory."""
        ...


class CaptionerModule(Protocol):
    """The interface of each captioner's module."""

    def check(self, settings: PreprocessSettings) -> None:
        """Raise a ModelError for what is missing, as far as known without loading the model."""
        ...

    def describe(self, settings: PreprocessSettings) -> str:
        """Describe where the model is or will be downloaded from, after `check` has passed."""
        ...

    def load(
        self, settings: PreprocessSettings, stop: threading.Event
    ) -> Generator[Event, None, Captioner]:
        """Load the model and yield its progress; also yields soon after `stop` is set."""
        ...


def captioner_module(name: str) -> CaptionerModule:
    """Import a captioner's module by its name in the settings."""
    return cast("CaptionerModule", importlib.import_module(f"preprocessing.captioners.{name}"))


def require_package(package: str, *, captioner: str, extra: str) -> None:
    """Raise a ModelError with the install command unless `package` is installed."""
    if importlib.util.find_spec(package) is None:
        raise ModelError(
            f"{captioner} needs the package {package}, which is not installed; install it with: "
            f'pip install "textual-inversion-webui[{extra}]"'
        )


@contextmanager
def captioning_errors(captioner: str) -> Iterator[None]:
    """Turn a model's errors into an UncaptionedError."""
    try:
        yield
    except (RuntimeError, ValueError, ArithmeticError, MemoryError, OSError) as error:
        reason = (str(error).strip().splitlines() or ["it ran out of memory"])[0]
        raise UncaptionedError(f"could not be captioned by {captioner}: {reason}") from error


def free_memory() -> None:
    """Collect garbage and empty the GPU's cache, if torch is in use."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
