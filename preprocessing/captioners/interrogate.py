"""BLIP asked about one picture, as AUTOMATIC1111's "Interrogate CLIP" begins."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

from preprocessing.captioners.base import UncaptionedError, captioner_module
from textual_inversion.errors import DatasetError
from textual_inversion.events import Event, Loading
from textual_inversion.images.decoding import open_picture, path_text
from textual_inversion.images.folder import find_pictures
from textual_inversion.settings import PreprocessSettings

_CAPTIONER = "blip"


def interrogate(place: Path, stop: threading.Event) -> Generator[Event, None, str]:
    """Describe a picture, or the first one of a folder; the generator returns the caption.

    Raises:
        DatasetError: There is no such picture, or BLIP cannot describe it.
        ModelError: BLIP's weights are not here and cannot be fetched.
    """
    path = place if place.is_file() else find_pictures(place)[0]
    picture = open_picture(path).convert("RGB")
    settings = PreprocessSettings(source="any", destination="other")
    module = captioner_module(_CAPTIONER)
    module.check(settings)
    captioner = yield from module.load(settings, stop)
    try:
        yield Loading(f"the caption of {path_text(path)}")
        (caption,) = captioner.caption([picture])
    except UncaptionedError as error:
        raise DatasetError(f"Picture {path_text(path)} {error}; choose another one.") from None
    finally:
        captioner.close()
    return caption
