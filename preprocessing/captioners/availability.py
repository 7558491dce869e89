"""Which captioners are available, and what the others need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from preprocessing.captioners.base import captioner_module
from textual_inversion.errors import ModelError
from textual_inversion.settings import PreprocessSettings
from textual_inversion.settings.preprocess import CaptionerName

NAMES: tuple[CaptionerName, ...] = get_args(CaptionerName)


def list_captioners() -> Iterator[str]:
    """Yield a line for each captioner with the default settings."""
    settings = PreprocessSettings(source="any", destination="other")
    for name in NAMES:
        module = captioner_module(name)
        try:
            module.check(settings)
            yield f"{name:13} {module.describe(settings)}"
        except ModelError as error:
            yield f"{name:13} missing: {error}"
