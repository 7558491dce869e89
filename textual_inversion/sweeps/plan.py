"""What is to be trained: the runs of a sweep over settings. Pure, but for the names of folders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from textual_inversion.errors import SettingsError
from textual_inversion.generation.grids.values import split_values
from textual_inversion.names import check_name, nearest
from textual_inversion.randomness import python_random
from textual_inversion.settings import CreateSettings, SweepSettings, TrainSettings
from textual_inversion.settings.comparison.many_runs import ManyRunsSettings, varying_fields
from textual_inversion.settings.create import VectorSettings
from textual_inversion.sweeps.halving import Halving

MOST_RUNS = 10_000
_NEVER = Halving()


@dataclass(frozen=True)
class PlannedRun:
    """One training, what its embedding starts from, and the values that tell it from the others."""

    training: TrainSettings
    creation: CreateSettings
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of its embedding."""
        return self.training.embedding


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep or of a table of concepts.

    `folder` is the subfolder of embeddings/ for those that are created; `varied` the settings that
    differ; `halving` says when the weaker runs end early.
    """

    kind: Literal["sweep", "batch"]
    name: str
    folder: str
    shared: ManyRunsSettings
    varied: tuple[str, ...]
    runs: tuple[PlannedRun, ...]
    halving: Halving = _NEVER

    @property
    def rungs(self) -> list[int]:
        """The steps at which the weaker runs end early."""
        return self.halving.rungs(max(run.training.max_steps for run in self.runs))

    @property
    def num_steps(self) -> int:
        """How many steps all runs take together; with early stopping about so many."""
        return self.halving.num_steps(run.training.max_steps for run in self.runs)

    @property
    def notes(self) -> list[str]:
        """What the user should know before it begins, a sentence each."""
        if not any(run.training.compile != "off" for run in self.runs):
            return []
        return ["compile has no effect here: the UNet that the runs share is the plain one."]


def plan_sweep(settings: SweepSettings) -> Plan:
    """Plan a run for every combination of the values of `over`, or for some drawn at random.

    Raises:
        SettingsError: A setting is unknown, a value is none of its, or there are too many runs.
        EmbeddingError: The name cannot be an embedding's.
    """
    axes = read_axes(settings.over)
    for name, values in axes.items():
        for value in values:
            make_run(settings, settings.embedding, {name: value})
    combinations = _combinations(axes, settings.samples, settings.seed)
    width = len(str(len(combinations)))
    runs = tuple(
        make_run(
            settings, f"{settings.embedding}-run{number:0{width}}", _values_at(axes, combination)
        )
        for number, combination in enumerate(combinations, start=1)
    )
    name = check_name(settings.embedding)
    check_name(runs[-1].name)
    halving = Halving(settings.reduction_factor, settings.grace_period)
    if halving.is_on and not all(run.training.evaluate_every for run in runs):
        raise SettingsError(
            "reduction_factor compares the loss of the fixed batch, which is not measured with "
            "evaluate_every 0; set evaluate_every higher, or reduction_factor to 0."
        )
    return Plan("sweep", name, folder_of(name), settings, tuple(axes), runs, halving)


def folder_of(name: str) -> str:
    """Name the subfolder of embeddings/ for those of a sweep."""
    return f"{name}-sweep"


def count_runs(settings: SweepSettings) -> int:
    """Count the runs that a sweep would have; no run is made.

    Raises:
        SettingsError: `over` is wrong.
    """
    total = math.prod(map(len, read_axes(settings.over).values()))
    return min(total, settings.samples or total)


def read_axes(over: Sequence[str]) -> dict[str, list[str]]:
    """Read NAME=VALUE,VALUE of each setting that varies; equal values count once.

    Raises:
        SettingsError: One is not written so, or its setting is unknown, or comes twice.
    """
    axes: dict[str, list[str]] = {}
    if not over:
        raise SettingsError("over names no setting; write it as learning_rate=auto,0.005.")
    for text in over:
        name, equals, listed = text.partition("=")
        name = name.strip().replace("-", "_")
        values = list(dict.fromkeys(split_values(listed)))
        if not equals or not values:
            raise SettingsError(
                f'"{text}" in over names no values; write it as learning_rate=auto,0.005.'
            )
        check_varies(name, SweepSettings, where="over")
        if name in axes:
            raise SettingsError(f"over has {name} twice; list all its values behind one.")
        axes[name] = values
    return axes


def check_varies(name: str, model: type[ManyRunsSettings], *, where: str) -> None:
    """Raise SettingsError unless runs can differ in the setting of that name."""
    known = varying_fields(model)
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "see ti train --help."
        raise SettingsError(f'"{name}" in {where} is no setting that runs can differ in; {hint}')


def make_run(shared: ManyRunsSettings, name: str, values: Mapping[str, Any]) -> PlannedRun:
    """Make the run that has these values beside what all have.

    Raises:
        SettingsError: A value is not one of its setting's.
    """
    given = {**shared.model_dump(exclude_unset=True), **values, "embedding": name}
    training = TrainSettings.build(_only(given, TrainSettings), {"resume": shared.resume})
    creation = CreateSettings.build(
        _only(given, VectorSettings),
        {"name": name, "model": training.model, "tokenizer": training.tokenizer},
    )
    return PlannedRun(training, creation, {key: str(value) for key, value in values.items()})


def _only(given: dict[str, Any], model: type[TrainSettings | VectorSettings]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key in model.model_fields}


def _combinations(axes: dict[str, list[str]], samples: int, seed: int) -> Sequence[int]:
    """Number the combinations that are trained; no list of all is made."""
    total = math.prod(map(len, axes.values()))
    if samples and samples < total:
        _check_number(samples, "samples asks for")
        draw, numbers = python_random(seed, "samples"), set[int]()
        while len(numbers) < samples:
            numbers.add(draw.randrange(total))
        return sorted(numbers)
    _check_number(total, "These values make")
    return range(total)


def _check_number(count: int, what: str) -> None:
    if count > MOST_RUNS:
        raise SettingsError(
            f"{what} {count:,} runs, and {MOST_RUNS:,} are the most; name fewer values, or take "
            "some combinations at random with --samples 50."
        )


def _values_at(axes: dict[str, list[str]], combination: int) -> dict[str, str]:
    """Return the values of a combination; the last setting varies the fastest."""
    return dict(reversed([*_digits(axes, combination)]))


def _digits(axes: dict[str, list[str]], combination: int) -> Iterator[tuple[str, str]]:
    for name, values in reversed(axes.items()):
        combination, digit = divmod(combination, len(values))
        yield name, values[digit]
