"""The autoencoder's view of the pictures, computed once: mean and spread, for both flips.

N pictures, C H W latent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
from PIL import Image, ImageOps

from textual_inversion.data.latent_store import LatentStore
from textual_inversion.data.resizing import Size
from textual_inversion.models.base import BaseModel
from textual_inversion.randomness import draw, generator

ENCODE_AT_ONCE = 4
# Of large pictures several at once take a CPU half as long again as one by one, and more memory.
_PIXELS_AT_ONCE = 512 * 512


class Shape(NamedTuple):
    """The last two dimensions of latents, in a tensor's order; a picture's size is width first."""

    height: int
    width: int


@dataclass(frozen=True)
class View:
    """What is seen of a picture: from which corner, in latents, and whether mirrored."""

    item: int
    left: int
    top: int
    flipped: bool


class LatentCache:
    """Holds the moments of every view on the CPU and draws latents from them."""

    def __init__(
        self,
        model: BaseModel,
        method: str,
        *,
        seed: int,
        flips: bool,
        store: LatentStore | None = None,
        at_once: int = ENCODE_AT_ONCE,
    ) -> None:
        self.model = model
        self.method = method
        self.seed = seed
        self.flips = flips
        self.store = store
        # With a store each is encoded alone, so that it does not matter which are there already.
        self.at_once = 1 if store else at_once
        self.sizes: list[Size] = []
        self._pictures: dict[int, Image.Image] = {}
        self._middles: list[View] = []
        self._moments: dict[View, tuple[torch.Tensor, torch.Tensor]] = {}

    def fill(
        self, pictures: Sequence[Image.Image], sizes: Sequence[Size] | None = None
    ) -> Iterator[int]:
        """Encode RGB pictures; yields how many are done.

        A picture larger than its size in `sizes` is shown in random crops, and its middle is
        encoded here.
        """
        self.sizes = list(sizes or [picture.size for picture in pictures])
        self._pictures = dict(enumerate(pictures))
        self._middles = [self._middle(item) for item in range(len(pictures))]
        done = 0
        for part in self._parts():
            self._encode(part)
            if self.flips:
                self._encode([View(v.item, v.left, v.top, flipped=True) for v in part])
            done += len(part)
            yield done
        # Only what has other views to show is needed again.
        self._pictures = {
            item: picture
            for item, picture in self._pictures.items()
            if picture.size != self.sizes[item]
        }

    def _parts(self) -> Iterator[list[View]]:
        """Cut the middles into what is encoded at once: views of one size."""
        sized = sorted(self._middles, key=self._size)
        for (width, height), same in groupby(sized, key=self._size):
            views = list(same)
            most = max(1, min(self.at_once, _PIXELS_AT_ONCE // (width * height)))
            yield from (views[k : k + most] for k in range(0, len(views), most))

    def _size(self, view: View) -> Size:
        return self.sizes[view.item]

    def shape(self, item: int) -> Shape:
        """Give the shape of a picture's latents."""
        width, height = self.sizes[item]
        return Shape(height // self.model.info.scale, width // self.model.info.scale)

    def view(self, item: int, *, flipped: bool, position: int | None) -> View:
        """Choose what is seen of a picture at a position of the run; None sees the middle."""
        middle = self._middles[item]
        if position is None or item not in self._pictures:
            return View(item, middle.left, middle.top, flipped)
        random = draw(self.seed, "crop", position)
        across, down = self._room(item)
        return View(item, random.randint(0, across), random.randint(0, down), flipped)

    def sample(self, item: int, *, flipped: bool, position: int) -> torch.Tensor:
        """Draw a latent (C, H, W) at the UNet's scale by the chosen method."""
        mean, std = self._seen(self.view(item, flipped=flipped, position=position))
        if self.method == "deterministic":
            return self.model.scaled(mean)
        address = ("once", item, int(flipped)) if self.method == "once" else ("random", position)
        noise = torch.randn(mean.shape, generator=generator(self.seed, "latent", *address))
        return self.model.scaled(mean + std * noise)

    def mean(self, item: int) -> torch.Tensor:
        """Give the mean latent (C, H, W) of a picture's middle at the UNet's scale, unmirrored."""
        return self.model.scaled(self._moments[self._middles[item]][0])

    def _seen(self, view: View) -> tuple[torch.Tensor, torch.Tensor]:
        if view not in self._moments:
            self._encode([view])
        return self._moments[view]

    def _room(self, item: int) -> Size:
        """Tell how many latents a picture stands out, across and down."""
        picture, (width, height) = self._pictures[item], self.sizes[item]
        scale = self.model.info.scale
        return (picture.width - width) // scale, (picture.height - height) // scale

    def _middle(self, item: int) -> View:
        across, down = self._room(item)
        return View(item, across // 2, down // 2, flipped=False)

    def _cut(self, view: View) -> Image.Image:
        picture, (width, height) = self._pictures[view.item], self.sizes[view.item]
        left, top = view.left * self.model.info.scale, view.top * self.model.info.scale
        seen = picture.crop((left, top, left + width, top + height))
        return ImageOps.mirror(seen) if view.flipped else seen

    def _encode(self, views: Sequence[View]) -> None:
        """Find the moments of views of one size in the store, or compute them together."""
        pictures = [self._cut(view) for view in views]
        found = self.store.read(pictures[0]) if self.store else None
        mean, std = found or self._computed(pictures)
        if self.store and not found:
            self.store.write(pictures[0], mean, std)
        for place, view in enumerate(views):
            self._moments[view] = mean[place], std[place]

    def _computed(self, pictures: list[Image.Image]) -> tuple[torch.Tensor, torch.Tensor]:
        moments = self.model.encode_pictures(pictures)
        return moments.mean.cpu(), moments.std.cpu()
