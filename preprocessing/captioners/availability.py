"""Which captioners are available, and what the others need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from preprocessing.captioners.base import captioner_module
from textual_inversion.errors import ModelError
from textual_inversion.settings import PreprocessSettings
from textual_inversion.settings.preprocess import CaptionerName

NAMES: tuple[CaptionerName, ...] = get_args(CaptionerName)


def list_captioners(
    settings: PreprocessSettings | None = None, names: Sequence[str] = NAMES
) -> Iterator[tuple[str, str]]:
    """Yield the captioners' names and whether they are ready, by the defaults or by `settings`."""
    settings = settings or PreprocessSettings(source="any", destination="other")
    for name in names:
        module = captioner_module(name)
        try:
            module.check(settings)
            yield name, module.describe(settings)
        except ModelError as error:
            yield name, f"missing: {error}"
