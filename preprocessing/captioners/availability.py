"""Which captioners are available, and what the others need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from preprocessing.captioners.base import captioner_module
from textual_inversion.errors import ModelError
from textual_inversion.settings import PreprocessSettings
from textual_inversion.settings.preprocess import CaptionerName

NAMES: tuple[CaptionerName, ...] = get_args(CaptionerName)


def list_captioners() -> Iterator[tuple[str, str]]:
    """Yield each captioner's name and whether it is ready, by the settings' defaults."""
    settings = PreprocessSettings(source="any", destination="other")
    for name in NAMES:
        module = captioner_module(name)
        try:
            module.check(settings)
            yield name, module.describe(settings)
        except ModelError as error:
            yield name, f"missing: {error}"
