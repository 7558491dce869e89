"""Operations on pictures: each takes one picture and returns one or more.

They apply in this order. An oversized picture is split into pieces of the target size. Any other
picture keeps its size, or is cropped around its focal point or its center and resized (to the size
nearest to its aspect ratio, or the target). Flipped copies come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from PIL import Image, ImageOps

from preprocessing.cropping.auto_size import best_size, size_grid
from preprocessing.cropping.splitting import piece_boxes
from textual_inversion.errors import SettingsError
from textual_inversion.images.resizing import Box, Size, cover, cut
from textual_inversion.settings import PreprocessSettings

Operation = Callable[[Image.Image], Iterable[Image.Image]]
TargetSize = Callable[[Size], Size]

_FLIPS: dict[str, tuple[Callable[[Image.Image], Image.Image], ...]] = {
    "none": (),
    "horizontal": (ImageOps.mirror,),
    "vertical": (ImageOps.flip,),
    "both": (ImageOps.mirror, ImageOps.flip),
}
_MAX_PIECES = 200


class UnfitError(Exception):
    """A picture cannot be processed as set; the message continues "Picture x ..."."""


def list_operations(settings: PreprocessSettings, *, width: int, height: int) -> list[Operation]:
    """List the operations of the settings, in the order in which they apply."""
    fit = _crop_operation(settings, target_sizes(settings, width=width, height=height))
    if settings.split_oversized:
        fit = _split_or(fit, _piece_boxes_of(settings, (width, height)), (width, height))
    return [fit, with_flips(settings.flipped_copies)]


def apply_operations(operations: Sequence[Operation], image: Image.Image) -> Iterator[Image.Image]:
    """Apply all operations to a picture and yield the results; pieces stay in order."""
    if not operations:
        yield image
        return
    for result in operations[0](image):
        yield from apply_operations(operations[1:], result)


def debug_image_maker(
    settings: PreprocessSettings, *, width: int, height: int
) -> Callable[[Image.Image], Image.Image | None]:
    """Return a function that draws a picture's focal crop; it returns None for split pictures."""
    from preprocessing.cropping.focal_crop import draw_debug_image, find_focus
    from preprocessing.cropping.focal_point import Weights

    size, boxes = (
        target_sizes(settings, width=width, height=height),
        _piece_boxes_of(settings, (width, height)),
    )
    weights = Weights.of_settings(settings)

    def draw(image: Image.Image) -> Image.Image | None:
        if settings.split_oversized and boxes(image.size):
            return None
        return draw_debug_image(image, find_focus(image, size(image.size), weights))

    return draw


def target_sizes(settings: PreprocessSettings, *, width: int, height: int) -> TargetSize:
    """Return a function from a picture's size to its target size."""
    if not settings.auto_sized_crop:
        return lambda picture: (width, height)
    edges = (settings.auto_size_min, settings.auto_size_max)
    sizes = size_grid(edges=edges, areas=(settings.auto_area_min, settings.auto_area_max))
    if not sizes:
        raise SettingsError(
            f"Auto-sized crop has no size to choose from: none has sides of {edges[0]} to "
            f"{edges[1]} and an area of {settings.auto_area_min} to {settings.auto_area_max}; "
            "widen the bounds."
        )

    def choose(picture: Size) -> Size:
        max_error = settings.auto_size_error
        size = best_size(
            picture, sizes, objective=settings.auto_size_objective, max_error=max_error
        )
        if size is None:
            raise UnfitError(
                f"({picture[0]} x {picture[1]}) fits none of the sizes that the auto-sized crop "
                f"may choose: each would cut away more than {max_error:.0%}; raise the error "
                "threshold or split it."
            )
        return size

    return choose


def uses_focal_crop(settings: PreprocessSettings) -> bool:
    """Whether focal points are used: not where pictures keep their size."""
    return settings.focal_crop and not settings.keep_original_size


def num_flips(flips: str) -> int:
    """Count the flipped copies of a picture."""
    return len(_FLIPS[flips])


def with_flips(flips: str) -> Operation:
    """Return the operation that appends flipped copies: horizontal, vertical, both or none."""

    def copies(image: Image.Image) -> Iterator[Image.Image]:
        yield image
        yield from (flip(image) for flip in _FLIPS[flips])

    return copies


def _crop_operation(settings: PreprocessSettings, size: TargetSize) -> Operation:
    if settings.keep_original_size:
        return lambda image: [image]
    if not uses_focal_crop(settings):
        return lambda image: [cover(image, *size(image.size))]
    from preprocessing.cropping.focal_crop import focal_crop
    from preprocessing.cropping.focal_point import Weights
    from preprocessing.cropping.opencv import import_opencv

    import_opencv()  # if it is missing, raise before any picture is read
    weights = Weights.of_settings(settings)
    return lambda image: [focal_crop(image, size(image.size), weights)]


def _piece_boxes_of(settings: PreprocessSettings, target: Size) -> Callable[[Size], list[Box]]:
    def boxes(picture: Size) -> list[Box]:
        threshold, overlap = settings.split_threshold, settings.split_overlap
        found = piece_boxes(picture, target, threshold=threshold, overlap=overlap)
        if len(found) > _MAX_PIECES:
            raise UnfitError(
                f"({picture[0]} x {picture[1]}) is so narrow that it would be split into "
                f"{len(found)} pieces; crop it, or split with less overlap."
            )
        return found

    return boxes


def _split_or(fit: Operation, boxes: Callable[[Size], list[Box]], target: Size) -> Operation:
    def pieces(image: Image.Image) -> Iterator[Image.Image]:
        found = boxes(image.size)
        for box in found:
            yield cut(image, box, width=target[0], height=target[1])
        if not found:
            yield from fit(image)

    return pieces
