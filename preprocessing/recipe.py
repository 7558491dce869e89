"""All that is done to one picture: read, changed, captioned and encoded; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image

from preprocessing.captions.merging import Policy, merge
from preprocessing.files.encoding import EXTENSIONS, Format, encode
from preprocessing.prepared import Made, Prepared
from preprocessing.transforms import (
    Operation,
    Size,
    UnfitError,
    apply,
    chosen,
    crops_by_focus,
    explaining,
)
from textual_inversion.errors import DatasetError
from textual_inversion.images.color import over_white
from textual_inversion.images.decoding import one_large_picture_at_a_time, open_picture, path_text
from textual_inversion.images.folder import read_caption
from textual_inversion.images.resizing import upscaling_warning
from textual_inversion.settings import PreprocessSettings

_VIEW_PX = 1024


@dataclass(frozen=True)
class Recipe:
    """How every picture of a job is prepared; safe to be used by several threads.

    `at_least` is the size below which reading must not reduce a picture; None keeps it whole.
    `kind` is None when only captions are wanted.
    """

    operations: Sequence[Operation]
    min_size: Size | None
    policy: Policy
    joiner: str
    kind: Format | None
    keep_alpha: bool
    captions: bool
    explain: Callable[[Image.Image], Image.Image | None] | None

    @classmethod
    def of(cls, settings: PreprocessSettings, *, width: int, height: int) -> Self:
        """Take what the settings ask for; SettingsError when it cannot be done at all."""
        kind = None if settings.output_format == "captions" else settings.output_format
        debug = kind is not None and crops_by_focus(settings) and settings.focal_crop_debug
        return cls(
            operations=chosen(settings, width=width, height=height) if kind else [],
            min_size=_least(settings, width, height) if kind else (width, height),
            policy=settings.existing_captions,
            joiner=settings.caption_joiner,
            kind=kind,
            keep_alpha=settings.keep_alpha and kind != "jpeg",
            captions=bool(settings.caption),
            explain=explaining(settings, width=width, height=height) if debug else None,
        )

    def prepare(self, picture: Path) -> Made:
        """Make what a picture becomes, in the order of its sub-numbers.

        Raises:
            DatasetError: naming the picture and why it cannot be used.
        """
        existing = "" if self.policy == "ignore" else read_caption(picture) or ""
        with nullcontext() if self.min_size else one_large_picture_at_a_time(picture):
            image = open_picture(picture, min_size=self.min_size, keep_alpha=self.keep_alpha)
            try:
                return self._made(picture, image, existing)
            except UnfitError as error:
                raise DatasetError(f"Picture {path_text(picture)} {error}") from None
            except MemoryError:
                raise DatasetError(
                    f"Picture {path_text(picture)} needs more memory than there is; make it "
                    "smaller first."
                ) from None

    def _made(self, picture: Path, image: Image.Image, existing: str) -> Made:
        pictures: list[Prepared] = []
        size = image.size
        caption = merge(existing, "", policy=self.policy, joiner=self.joiner)
        # What is copied stands instead of a new caption.
        is_new = self.captions and not (self.policy == "copy" and existing)
        for one in apply(self.operations, image):
            size = one.size
            view = _view(one) if is_new else None
            if self.kind:
                data = encode(one, self.kind)
                pictures.append(Prepared(data, EXTENSIONS[self.kind], caption, view))
            elif caption or is_new:
                pictures.append(Prepared(b"", "", caption, view))
        drawn = self.explain(image) if self.explain else None
        return Made(
            tuple(pictures),
            existing=existing,
            note=upscaling_warning(picture, image, *size),
            drawing=encode(drawn, "jpeg") if drawn else b"",
        )


def _view(image: Image.Image) -> Image.Image:
    """Give a picture as a captioner is to see it: RGB, and no larger than any of them looks at."""
    view = over_white(image) if image.mode == "RGBA" else image.convert("RGB")
    view.thumbnail((_VIEW_PX, _VIEW_PX), Image.Resampling.LANCZOS)
    return view


def _least(settings: PreprocessSettings, width: int, height: int) -> Size | None:
    if settings.keep_original_size:
        return None
    longest = settings.auto_size_max if settings.auto_sized_crop else 0
    return (max(width, longest), max(height, longest))
