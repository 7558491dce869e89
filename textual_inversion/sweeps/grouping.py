"""Which runs share the passes of one model, and why others cannot join them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual_inversion.settings import TrainSettings
from textual_inversion.settings.comparison.many_runs import pass_fields


@dataclass(frozen=True)
class Group:
    """Runs that agree in everything that a pass depends on, in their order."""

    runs: tuple[TrainSettings, ...]


def group_runs(runs: Sequence[TrainSettings]) -> list[Group]:
    """Put runs that can share passes together; the group of the first run comes first."""
    fields = pass_fields(TrainSettings)
    groups: dict[tuple[object, ...], list[TrainSettings]] = {}
    for run in runs:
        groups.setdefault(tuple(getattr(run, field) for field in fields), []).append(run)
    return [Group(tuple(group)) for group in groups.values()]


def describe_groups(groups: Sequence[Group], at_once: int) -> str:
    """Say in a sentence which runs share their passes, and what keeps the others apart."""
    if len(groups) == 1:
        count = len(groups[0].runs)
        if count == 1:
            return "One run is left."
        most = f", at most {at_once} at a time" if count > at_once else ""
        return f"All {count} runs share the passes of one base model{most}."
    apart = [
        field
        for field in pass_fields(TrainSettings)
        if len({getattr(group.runs[0], field) for group in groups}) > 1
    ]
    parts = "; ".join(f"{len(group.runs)} with {_values(group, apart)}" for group in groups)
    return (
        f"{len(groups)} groups, one after the other and at most {at_once} runs at a time, because "
        f"runs that differ in {' or '.join(apart)} cannot share a pass: {parts}."
    )


def _values(group: Group, fields: Sequence[str]) -> str:
    values = ((field, getattr(group.runs[0], field)) for field in fields)
    return ", ".join(f"{field} {'(none)' if value == '' else value}" for field, value in values)
