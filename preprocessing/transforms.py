"""What can be done to a picture: each operation takes one and gives those to be kept.

They apply in this order. An oversized picture is split into pieces of the target size, and those
are done. Any other picture keeps its size, or comes to another (the one that suits its shape, or
the target) by a crop around its focus or its middle. Mirrored copies come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from PIL import Image, ImageOps

from preprocessing.cropping.auto_size import best, grid
from preprocessing.cropping.splitting import piece_boxes
from textual_inversion.errors import SettingsError
from textual_inversion.images.resizing import Box, Size, cover, cut
from textual_inversion.settings import PreprocessSettings

Operation = Callable[[Image.Image], Iterable[Image.Image]]
Sizing = Callable[[Size], Size]

_FLIPS: dict[str, tuple[Callable[[Image.Image], Image.Image], ...]] = {
    "none": (),
    "horizontal": (ImageOps.mirror,),
    "vertical": (ImageOps.flip,),
    "both": (ImageOps.mirror, ImageOps.flip),
}
_MOST_PIECES = 200


class UnfitError(Exception):
    """A picture cannot become what was asked; the text goes on from "Picture x ..."."""


def chosen(settings: PreprocessSettings, *, width: int, height: int) -> list[Operation]:
    """List the operations that the settings ask for, in the order in which they apply."""
    fit = _fitting(settings, sizing(settings, width=width, height=height))
    if settings.split_oversized:
        fit = _split_or(fit, _splitting(settings, (width, height)), (width, height))
    return [fit, with_flips(settings.flipped_copies)]


def apply(operations: Sequence[Operation], image: Image.Image) -> Iterator[Image.Image]:
    """Run a picture through all operations, one result at a time; pieces stay in order."""
    if not operations:
        yield image
        return
    for made in operations[0](image):
        yield from apply(operations[1:], made)


def explaining(
    settings: PreprocessSettings, *, width: int, height: int
) -> Callable[[Image.Image], Image.Image | None]:
    """Give what draws how a picture's focal crop was found; None for one that is split."""
    from preprocessing.cropping.focal_crop import drawing, look
    from preprocessing.cropping.focal_point import Weights

    size, boxes = (
        sizing(settings, width=width, height=height),
        _splitting(settings, (width, height)),
    )
    weights = Weights.of_settings(settings)

    def draw(image: Image.Image) -> Image.Image | None:
        if settings.split_oversized and boxes(image.size):
            return None
        return drawing(image, look(image, size(image.size), weights))

    return draw


def sizing(settings: PreprocessSettings, *, width: int, height: int) -> Sizing:
    """Give what tells the size that a picture of some size is brought to."""
    if not settings.auto_sized_crop:
        return lambda picture: (width, height)
    edges = (settings.auto_size_min, settings.auto_size_max)
    sizes = grid(edges=edges, areas=(settings.auto_area_min, settings.auto_area_max))
    if not sizes:
        raise SettingsError(
            f"Auto-sized crop has no size to choose from: none with edges of {edges[0]} to "
            f"{edges[1]} and an area of {settings.auto_area_min} to {settings.auto_area_max}; "
            "widen the bounds."
        )

    def choose(picture: Size) -> Size:
        most = settings.auto_size_error
        found = best(picture, sizes, objective=settings.auto_size_objective, most_error=most)
        if found is None:
            raise UnfitError(
                f"({picture[0]} x {picture[1]}) fits none of the sizes that the auto-sized crop "
                f"may choose: each would cut away more than {most:.0%}; raise the error threshold "
                "or split it."
            )
        return found

    return choose


def crops_by_focus(settings: PreprocessSettings) -> bool:
    """Tell whether a focus is looked for: not where pictures keep their size."""
    return settings.focal_crop and not settings.keep_original_size


def with_flips(flips: str) -> Operation:
    """Follow a picture by its mirrored copies: horizontal, vertical, both or none."""

    def copies(image: Image.Image) -> Iterator[Image.Image]:
        yield image
        yield from (flip(image) for flip in _FLIPS[flips])

    return copies


def _fitting(settings: PreprocessSettings, size: Sizing) -> Operation:
    if settings.keep_original_size:
        return lambda image: [image]
    if not crops_by_focus(settings):
        return lambda image: [cover(image, *size(image.size))]
    from preprocessing.cropping.focal_crop import focal_crop
    from preprocessing.cropping.focal_point import Weights
    from preprocessing.cropping.opencv import opencv

    opencv()  # a missing one is said before any picture is read
    weights = Weights.of_settings(settings)
    return lambda image: [focal_crop(image, size(image.size), weights)]


def _splitting(settings: PreprocessSettings, target: Size) -> Callable[[Size], list[Box]]:
    def boxes(picture: Size) -> list[Box]:
        threshold, overlap = settings.split_threshold, settings.split_overlap
        found = piece_boxes(picture, target, threshold=threshold, overlap=overlap)
        if len(found) > _MOST_PIECES:
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
