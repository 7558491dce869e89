"""What a captioner is, what its module offers, and how one is found by its name."""

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
    """A picture could not be captioned; the text goes on from "Picture x ..."."""


class Captioner(Protocol):
    """A loaded model that writes captions."""

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        """Write one caption for each RGB picture; UncaptionedError when the batch fails."""
        ...

    def close(self) -> None:
        """Give its memory back."""
        ...


class CaptionerModule(Protocol):
    """What each captioner's module offers."""

    def check(self, settings: PreprocessSettings) -> None:
        """Raise a ModelError that says what is missing, as far as it shows without loading."""
        ...

    def describe(self, settings: PreprocessSettings) -> str:
        """Say where the model is or will come from, once `check` has found nothing missing."""
        ...

    def load(
        self, settings: PreprocessSettings, stop: threading.Event
    ) -> Generator[Event, None, Captioner]:
        """Load the model and tell how that goes; an event is yielded soon after `stop` is set."""
        ...


def captioner_module(name: str) -> CaptionerModule:
    """Import a captioner's module by the name that settings give it."""
    return cast("CaptionerModule", importlib.import_module(f"preprocessing.captioners.{name}"))


def need_package(package: str, *, captioner: str, extra: str) -> None:
    """Raise a ModelError that says what to install unless `package` is there."""
    if importlib.util.find_spec(package) is None:
        raise ModelError(
            f"{captioner} needs the package {package}, which is not installed; install it with: "
            f'pip install "textual-inversion-webui[{extra}]"'
        )


@contextmanager
def failures_named(captioner: str) -> Iterator[None]:
    """Turn what a model stumbles over into an UncaptionedError."""
    try:
        yield
    except (RuntimeError, ValueError, ArithmeticError, MemoryError, OSError) as error:
        reason = (str(error).strip().splitlines() or ["it ran out of memory"])[0]
        raise UncaptionedError(f"could not be captioned by {captioner}: {reason}") from error


def release() -> None:
    """Give freed memory back, on the GPU as well if torch is in use."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
