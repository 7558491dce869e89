"""All processing of one picture: read, transformed and encoded; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image

from preprocessing.captions.merging import Policy, merge
from preprocessing.files.encoding import EXTENSIONS, Format, encode
from preprocessing.files.manifest import Crop
from preprocessing.prepared import PreparedPicture, PreparedSet
from preprocessing.transforms import (
    Operation,
    Size,
    UnfitError,
    apply_operations,
    debug_image_maker,
    list_operations,
    uses_focal_crop,
)
from textual_inversion.errors import DatasetError
from textual_inversion.images.color import over_white
from textual_inversion.images.decoding import one_large_picture_at_a_time, open_picture, path_text
from textual_inversion.images.folder import read_caption
from textual_inversion.images.resizing import upscaling_warning
from textual_inversion.settings import PreprocessSettings

_MAX_VIEW_PX = 1024


@dataclass(frozen=True)
class Recipe:
    """How every picture of a job is prepared; safe to be used by several threads.

    `min_size` is the size below which decoding must not reduce a picture; None does not reduce it.
    `kind` is None when only captions are written.
    """

    operations: Sequence[Operation]
    min_size: Size | None
    policy: Policy
    joiner: str
    kind: Format | None
    keep_alpha: bool
    captions: bool
    make_debug_image: Callable[[Image.Image], Image.Image | None] | None

    @classmethod
    def of(cls, settings: PreprocessSettings, *, width: int, height: int) -> Self:
        """Build the recipe of the settings; SettingsError when they cannot be applied."""
        kind = None if settings.output_format == "captions" else settings.output_format
        debug = kind is not None and uses_focal_crop(settings) and settings.focal_crop_debug
        return cls(
            operations=list_operations(settings, width=width, height=height) if kind else [],
            min_size=_min_size(settings, width, height) if kind else (width, height),
            policy=settings.existing_captions,
            joiner=settings.caption_joiner,
            kind=kind,
            keep_alpha=settings.keep_alpha and kind != "jpeg",
            captions=bool(settings.caption),
            make_debug_image=debug_image_maker(settings, width=width, height=height)
            if debug
            else None,
        )

    def prepare(self, picture: Path, crop: Crop | None = None) -> PreparedSet:
        """Process a picture into its results, in the order of their sub-numbers.

        Args:
            picture: The file.
            crop: The part that was chosen by hand; it is cut out before anything else.

        Raises:
            DatasetError: The picture cannot be used; the message has its path and the reason.
        """
        existing = "" if self.policy == "ignore" else read_caption(picture) or ""
        min_size = None if crop else self.min_size  # the part needs all the pixels it has
        with nullcontext() if min_size else one_large_picture_at_a_time(picture):
            image = open_picture(picture, min_size=min_size, keep_alpha=self.keep_alpha)
            image = _cut(image, crop) if crop else image
            try:
                return self._process(picture, image, existing)
            except UnfitError as error:
                raise DatasetError(f"Picture {path_text(picture)} {error}") from None
            except MemoryError:
                raise DatasetError(
                    f"Picture {path_text(picture)} needs more memory than there is; make it "
                    "smaller first."
                ) from None

    def _process(self, picture: Path, image: Image.Image, existing: str) -> PreparedSet:
        pictures: list[PreparedPicture] = []
        size = image.size
        caption = merge(existing, "", policy=self.policy, joiner=self.joiner)
        # A copied caption replaces a new one.
        is_new = self.captions and not (self.policy == "copy" and existing)
        for result in apply_operations(self.operations, image):
            size = result.size
            view = _view(result) if is_new else None
            if self.kind:
                data = encode(result, self.kind)
                pictures.append(PreparedPicture(data, EXTENSIONS[self.kind], caption, view))
            elif caption or is_new:
                pictures.append(PreparedPicture(b"", "", caption, view))
        debug_picture = self.make_debug_image(image) if self.make_debug_image else None
        return PreparedSet(
            tuple(pictures),
            existing=existing,
            note=upscaling_warning(picture, image, *size),
            debug_image=encode(debug_picture, "jpeg") if debug_picture else b"",
        )


def _cut(image: Image.Image, crop: Crop) -> Image.Image:
    """Return the part of a picture in a box of shares of its sides."""
    left, top, width, height = crop
    x, y = round(left * image.width), round(top * image.height)
    right, bottom = round((left + width) * image.width), round((top + height) * image.height)
    return image.crop((x, y, max(right, x + 1), max(bottom, y + 1)))


def _view(image: Image.Image) -> Image.Image:
    """Return a picture for captioners: RGB, reduced to a size that suffices for all of them."""
    view = over_white(image) if image.mode == "RGBA" else image.convert("RGB")
    view.thumbnail((_MAX_VIEW_PX, _MAX_VIEW_PX), Image.Resampling.LANCZOS)
    return view


def _min_size(settings: PreprocessSettings, width: int, height: int) -> Size | None:
    if settings.keep_original_size:
        return None
    longest = settings.auto_size_max if settings.auto_sized_crop else 0
    return (max(width, longest), max(height, longest))
