"""The engine of one process: group after group on its device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from textual_inversion.runs.requests import Control
from textual_inversion.sweeps.batch import RunEvent, train_together
from textual_inversion.sweeps.engines.base import Creations
from textual_inversion.sweeps.grouping import Group, describe_groups


@dataclass(frozen=True)
class LocalEngine:
    """Trains in this process, at most `at_once` runs at a time."""

    creations: Creations
    at_once: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def describe(self, groups: Sequence[Group]) -> str:
        """Say which runs share their passes."""
        return describe_groups(groups, self.at_once)

    def train(
        self, groups: Sequence[Group], control: Control, *, until: int | None = None
    ) -> Iterator[RunEvent]:
        """Train the groups in their order."""
        for group in groups:
            yield from train_together(
                group.runs,
                control,
                at_once=self.at_once,
                before=self.creations.make,
                until=until,
            )
            if control.stopping:
                return
