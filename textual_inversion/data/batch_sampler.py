"""Which pictures make up which batch: shuffled rounds, and each batch of one shape. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual_inversion.randomness import python_random


class BatchSampler:
    """Chooses the pictures of any batch of a run without iterating over those before it.

    Every group of pictures of one shape gets batches in proportion to its pictures; within a group
    one shuffled epoch follows another, and no remainder is dropped.
    """

    def __init__(self, groups: Sequence[Sequence[int]], *, size: int, seed: int) -> None:
        self.groups = [tuple(group) for group in groups]
        self.size = size
        self.seed = seed
        self._shuffled: dict[tuple[int | str, ...], list[int]] = {}

    def batch(self, index: int) -> list[int]:
        """Return the pictures' indices for micro-batch number `index`."""
        group, number = self._group_of(index)
        first = number * self.size
        return [self._item(group, position) for position in range(first, first + self.size)]

    def _group_of(self, index: int) -> tuple[int, int]:
        """Return the group of a batch, and how many batches it had before."""
        if len(self.groups) == 1:
            return 0, index
        turns = [number for number, group in enumerate(self.groups) for _ in group]
        cycle, within = divmod(index, len(turns))
        turns = self._shuffle(turns, "turns", cycle)
        group = turns[within]
        return group, cycle * len(self.groups[group]) + turns[:within].count(group)

    def _item(self, group: int, position: int) -> int:
        items = self.groups[group]
        address = (position // len(items), group)[: min(2, len(self.groups))]
        return self._shuffle(items, "order", *address)[position % len(items)]

    def _shuffle(self, values: Sequence[int], *address: int | str) -> list[int]:
        """Shuffle by address; the last few are cached, since an epoch serves many batches."""
        if address not in self._shuffled:
            while len(self._shuffled) > 2 * len(self.groups):
                del self._shuffled[next(iter(self._shuffled))]
            shuffled = list(values)
            python_random(self.seed, *address).shuffle(shuffled)
            self._shuffled[address] = shuffled
        return self._shuffled[address]
