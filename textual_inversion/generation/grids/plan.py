"""From the settings of a grid to its cells: everything is read and checked before a model opens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import product
from typing import Any

from textual_inversion.embeddings.library import Library
from textual_inversion.errors import ModelError, SettingsError
from textual_inversion.generation.grids import axes as known, variation
from textual_inversion.generation.grids.axes import show
from textual_inversion.generation.grids.run_folder import RunFolder, open_run
from textual_inversion.generation.grids.sources import Source, Sources
from textual_inversion.generation.grids.values import MOST_VALUES
from textual_inversion.models.base import dimension_mismatch
from textual_inversion.models.catalog import describe_model, list_models
from textual_inversion.models.hub import find_cached, is_hub_name
from textual_inversion.prompts.placeholders import split_names
from textual_inversion.settings import GenerateSettings, GridSettings
from textual_inversion.settings.comparison.grid import Place

MOST_CELLS = 1000


@dataclass(frozen=True)
class AxisValues:
    """An axis with its values; without a variation it is "none" with one empty value."""

    name: str
    values: tuple[Any, ...] = ("",)

    @property
    def label(self) -> str:
        """The words beside the values; empty for none."""
        return "" if self.name == known.NONE else known.label_of(self.name)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as labels."""
        return tuple(show(value) for value in self.values)


@dataclass(frozen=True)
class Cell:
    """One picture to draw: its index (page, row, column), and the vectors its word stands for."""

    index: tuple[int, int, int]
    settings: GenerateSettings
    source: Source | None


@dataclass(frozen=True)
class Plan:
    """All cells of a grid by pages, rows and columns; `word` is the embedding that varies."""

    axes: dict[Place, AxisValues]
    cells: tuple[Cell, ...]
    word: str
    run: RunFolder | None

    @property
    def num_steps(self) -> int:
        """The sampling steps of all cells."""
        return sum(cell.settings.steps for cell in self.cells)

    @property
    def title(self) -> str:
        """What the grid compares, for example "cat-x: step x prompt"."""
        labels = " x ".join(axis.label.lower() for axis in self.axes.values() if axis.label)
        return f"{self.word}: {labels}" if self.word else labels


def make_plan(settings: GridSettings, library: Library) -> Plan:
    """Lay out the cells of a grid.

    Raises:
        TextualInversionError: An axis, a value, the run or an embedding is wrong; one sentence.
    """
    run = open_run(settings.run) if settings.run.strip() else None
    sources = Sources(library, run, settings.embedding)
    axes = _read_axes(settings, run, sources)
    _check_size(axes)
    _check_together(axes)
    fields = _fields(settings, run, has_prompts=any(a.name == "prompt" for a in axes.values()))
    word = sources.word(f"{fields['prompt']}\n{fields['negative_prompt']}")
    cells = tuple(
        _cell(index, chosen, fields, sources, word)
        for index, chosen in zip(_places(axes), _combinations(axes), strict=True)
    )
    _check_models(cells)
    return Plan(axes, cells, word, run)


def _fields(settings: GridSettings, run: RunFolder | None, *, has_prompts: bool) -> dict[str, Any]:
    """Collect what all cells share; what was not chosen is as in the run's previews."""
    given = settings.model_dump(include=set(GenerateSettings.model_fields) - {"prompt"})
    if run:
        given |= {k: v for k, v in run.defaults().items() if k not in settings.model_fields_set}
    prompt = settings.prompt.strip() or (run.prompts()[0] if run else "")
    if not prompt and not has_prompts:
        raise SettingsError("prompt is empty; write what to show, with the embedding as <name>.")
    for seed in ("seed", "variation_seed"):
        given[seed] = _seed(given[seed])
    return {**given, "prompt": prompt}


def _seed(value: int) -> int:
    """Draw what was left open, once: the cells of a grid are compared at one seed."""
    return value if value >= 0 else secrets.randbelow(2**32)


def _read_axes(
    settings: GridSettings, run: RunFolder | None, sources: Sources
) -> dict[Place, AxisValues]:
    axes: dict[Place, AxisValues] = {}
    for part, (written, text) in settings.axes.items():
        name = known.find_axis(written)
        if name == known.NONE and text.strip():
            raise SettingsError(f"{part} has values but no axis; choose what the {part} vary.")
        try:
            values = _values(name, text, run, sources)
        except SettingsError as error:
            raise SettingsError(f"{part}: {error}") from None
        axes[part] = AxisValues(name, tuple(values))
    return axes


def _values(name: str, text: str, run: RunFolder | None, sources: Sources) -> list[Any]:
    if name == known.NONE:
        return [""]
    if name == known.STEP:
        return list(sources.steps(text))
    values = known.read_values(name, text) or _all_values(name, run, sources)
    if not values:
        raise SettingsError(
            f"the list of values of {known.label_of(name)} is empty; write some, such as "
            f"{variation.example(name)}."
        )
    return [_seed(value) for value in values] if name in ("seed", "variation_seed") else values


def _all_values(name: str, run: RunFolder | None, sources: Sources) -> list[Any]:
    """List what an empty list of values stands for."""
    match name:
        case known.EMBEDDING:
            return sources.names()
        case known.VECTORS:
            return list(range(1, sources.num_vectors() + 1))
        case "model":
            return list_models()
        case "prompt":
            return run.prompts() if run else []
        case _:
            return known.all_values(name)


def _check_size(axes: dict[Place, AxisValues]) -> None:
    counts = [len(axis.values) for axis in axes.values()]
    total = counts[0] * counts[1] * counts[2]
    if all(axis.name == known.NONE for axis in axes.values()):
        raise SettingsError(
            "The grid compares nothing; choose what its columns, rows or pages vary, such as "
            "step or seed."
        )
    if total > MOST_CELLS or max(counts) > MOST_VALUES:
        sizes = " x ".join(f"{count:,}" for count in counts if count > 1)
        raise SettingsError(
            f"The grid would have {total:,} cells ({sizes}), and {MOST_CELLS:,} is the most; take "
            "fewer values."
        )


def _check_together(axes: dict[Place, AxisValues]) -> None:
    names = [axis.name for axis in axes.values() if axis.name != known.NONE]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise SettingsError(
            f"{known.label_of(twice)} is on two axes; vary something else on one of them."
        )
    if known.STEP in names and known.EMBEDDING in names:
        raise SettingsError(
            "Step and Embedding both say which vectors are drawn with; keep one of these axes."
        )


def _places(axes: dict[Place, AxisValues]) -> list[tuple[int, int, int]]:
    ranges = [range(len(axes[part].values)) for part in ("pages", "rows", "columns")]
    return list(product(*ranges))  # pyright: ignore[reportReturnType]


def _combinations(axes: dict[Place, AxisValues]) -> list[dict[str, Any]]:
    ordered = [axes[part] for part in ("pages", "rows", "columns")]
    names = [axis.name for axis in ordered]
    tuples = product(*(axis.values for axis in ordered))
    return [dict(zip(names, values, strict=True)) for values in tuples]


def _cell(
    index: tuple[int, int, int],
    chosen: dict[str, Any],
    fields: dict[str, Any],
    sources: Sources,
    word: str,
) -> Cell:
    """Make one cell of the values `chosen` on each axis."""
    changes = {name: value for name, value in chosen.items() if name in known.knobs()}
    merged = variation.search_and_replace({**fields, **changes}, chosen.get(known.SEARCH))
    needed = [name for name in known.OF_VECTORS if name in chosen]
    if needed:
        _check_named(merged, word, known.label_of(needed[0]))
    merged = variation.weigh(merged, word, chosen.get(known.WEIGHT))
    source = sources.find(word, chosen) if word else None
    return Cell(index, GenerateSettings.build(merged), source)


def _check_named(fields: dict[str, Any], word: str, label: str) -> None:
    """Refuse an axis of vectors where the prompt does not name the embedding."""
    text = f"{fields['prompt']}\n{fields['negative_prompt']}"
    if not word:
        raise SettingsError(
            f"{label} needs an embedding, and the prompt {fields['prompt'][:80]!r} names none; "
            "write one as <name>, or give a run."
        )
    if not any(piece.name for piece in split_names(text, [word])):
        raise SettingsError(
            f"{label} has no effect on the prompt {fields['prompt'][:80]!r}, which does not name "
            f"<{word.strip('<>')}>; write it there."
        )


def _check_models(cells: tuple[Cell, ...]) -> None:
    """Refuse a base model that is not there, and vectors that do not fit one."""
    models = {cell.settings.model for cell in cells}
    widths = {model: describe_model(model).widths for model in models if _is_here(model)}
    for model, source in {(cell.settings.model, cell.source) for cell in cells if cell.source}:
        if model in widths and source.embedding.widths != widths[model]:
            reason = dimension_mismatch(source.label, source.embedding.widths, widths[model])
            raise ModelError(f"{model}: {reason}")


def _is_here(model: str) -> bool:
    """Whether a model is on this machine; one of the Hub is checked when it was downloaded."""
    return not is_hub_name(model) or find_cached(model) is not None
