"""Cached latents: the VAE's mean and standard deviation for every crop and flip.

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
from textual_inversion.randomness import generator, python_random

ENCODE_BATCH_SIZE = 4
# On a CPU a batch of large pictures takes 1.5 times as long as one by one, and more memory.
_PIXELS_PER_BATCH = 512 * 512


class Shape(NamedTuple):
    """The last two dimensions of latents, in a tensor's order; a picture's size is width first."""

    height: int
    width: int


@dataclass(frozen=True)
class View:
    """A crop of a picture: its corner, in latents, and whether it is mirrored."""

    item: int
    left: int
    top: int
    flipped: bool


class LatentCache:
    """Caches the moments of every view on the CPU and samples latents from them."""

    def __init__(
        self,
        model: BaseModel,
        method: str,
        *,
        seed: int,
        flips: bool,
        store: LatentStore | None = None,
        batch_size: int = ENCODE_BATCH_SIZE,
    ) -> None:
        self.model = model
        self.method = method
        self.seed = seed
        self.flips = flips
        self.store = store
        # With a store, one at a time: the result must not depend on which are stored already.
        self.batch_size = 1 if store else batch_size
        self.sizes: list[Size] = []
        self._pictures: dict[int, Image.Image] = {}
        self._centers: list[View] = []
        self._moments: dict[View, tuple[torch.Tensor, torch.Tensor]] = {}

    def fill(
        self, pictures: Sequence[Image.Image], sizes: Sequence[Size] | None = None
    ) -> Iterator[int]:
        """Encode RGB pictures; yield how many are done.

        A picture larger than its size in `sizes` is cropped at random later; its center crop is
        encoded here.
        """
        self.sizes = list(sizes or [picture.size for picture in pictures])
        self._pictures = dict(enumerate(pictures))
        self._centers = [self._center(item) for item in range(len(pictures))]
        done = 0
        for part in self._parts():
            self._encode(part)
            if self.flips:
                self._encode([View(v.item, v.left, v.top, flipped=True) for v in part])
            done += len(part)
            yield done
        # Only pictures that are cropped at random are needed again.
        self._pictures = {
            item: picture
            for item, picture in self._pictures.items()
            if picture.size != self.sizes[item]
        }

    def _parts(self) -> Iterator[list[View]]:
        """Split the center crops into batches of one size."""
        sized = sorted(self._centers, key=self._size)
        for (width, height), same in groupby(sized, key=self._size):
            views = list(same)
            batch_size = max(1, min(self.batch_size, _PIXELS_PER_BATCH // (width * height)))
            yield from (views[k : k + batch_size] for k in range(0, len(views), batch_size))

    def _size(self, view: View) -> Size:
        return self.sizes[view.item]

    def shape(self, item: int) -> Shape:
        """Return the height and width of a picture's latents."""
        width, height = self.sizes[item]
        return Shape(
            height // self.model.info.vae_scale_factor, width // self.model.info.vae_scale_factor
        )

    def view(self, item: int, *, flipped: bool, position: int | None) -> View:
        """Return a picture's crop at a position of the run; the center crop if None."""
        center = self._centers[item]
        if position is None or item not in self._pictures:
            return View(item, center.left, center.top, flipped)
        random = python_random(self.seed, "crop", position)
        across, down = self._max_offset(item)
        return View(item, random.randint(0, across), random.randint(0, down), flipped)

    def sample(self, item: int, *, flipped: bool, position: int) -> torch.Tensor:
        """Sample a scaled latent (C, H, W) by the chosen method."""
        mean, std = self._moments_of(self.view(item, flipped=flipped, position=position))
        if self.method == "deterministic":
            return self.model.scale_latents(mean)
        address = ("once", item, int(flipped)) if self.method == "once" else ("random", position)
        noise = torch.randn(mean.shape, generator=generator(self.seed, "latent", *address))
        return self.model.scale_latents(mean + std * noise)

    def mean(self, item: int) -> torch.Tensor:
        """Return the scaled mean latent (C, H, W) of a picture's center crop, not mirrored."""
        return self.model.scale_latents(self._moments[self._centers[item]][0])

    def _moments_of(self, view: View) -> tuple[torch.Tensor, torch.Tensor]:
        if view not in self._moments:
            self._encode([view])
        return self._moments[view]

    def _max_offset(self, item: int) -> Size:
        """Return the largest offset of a crop, horizontal and vertical, in latents."""
        picture, (width, height) = self._pictures[item], self.sizes[item]
        vae_scale_factor = self.model.info.vae_scale_factor
        return (picture.width - width) // vae_scale_factor, (
            picture.height - height
        ) // vae_scale_factor

    def _center(self, item: int) -> View:
        across, down = self._max_offset(item)
        return View(item, across // 2, down // 2, flipped=False)

    def _crop(self, view: View) -> Image.Image:
        picture, (width, height) = self._pictures[view.item], self.sizes[view.item]
        left, top = (
            view.left * self.model.info.vae_scale_factor,
            view.top * self.model.info.vae_scale_factor,
        )
        cropped = picture.crop((left, top, left + width, top + height))
        return ImageOps.mirror(cropped) if view.flipped else cropped

    def _encode(self, views: Sequence[View]) -> None:
        """Read the moments of views of one size from the store, or compute them as one batch."""
        pictures = [self._crop(view) for view in views]
        found = self.store.read(pictures[0]) if self.store else None
        mean, std = found or self._compute(pictures)
        if self.store and not found:
            self.store.write(pictures[0], mean, std)
        for index, view in enumerate(views):
            self._moments[view] = mean[index], std[index]

    def _compute(self, pictures: list[Image.Image]) -> tuple[torch.Tensor, torch.Tensor]:
        moments = self.model.encode_pictures(pictures)
        return moments.mean.cpu(), moments.std.cpu()
