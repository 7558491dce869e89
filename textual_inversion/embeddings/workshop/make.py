"""Make an embedding as the workshop's settings say, and save it with where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.workshop import operations
from textual_inversion.embeddings.workshop.arithmetic import calculate, read_expression
from textual_inversion.embeddings.workshop.operations import Vectors
from textual_inversion.embeddings.workshop.sdxl import seed_sdxl
from textual_inversion.errors import EmbeddingError
from textual_inversion.models.base import dimension_mismatch
from textual_inversion.models.catalog import ModelInfo, fetch_model
from textual_inversion.models.listing.hashes import short_hash
from textual_inversion.models.vocabulary import Vocabulary, read_vocabularies
from textual_inversion.names import check_name
from textual_inversion.settings.base import PROMPT_TOKENS
from textual_inversion.settings.workshop import WorkshopSettings
from textual_inversion.storage.paths import find_folder


def make_and_save(settings: WorkshopSettings, library: Library | None = None) -> Path:
    """Make the embedding and save it in embeddings/, or in another library.

    Raises:
        EmbeddingError: As `make_embedding`, or the name is taken.
    """
    library = library or Library(find_folder("embeddings"))
    return library.save(make_embedding(settings, library), overwrite=settings.overwrite)


def make_embedding(settings: WorkshopSettings, library: Library) -> Embedding:
    """Make the embedding; nothing is saved.

    Raises:
        EmbeddingError: An embedding is missing or does not fit the others, or a setting is wrong.
        ModelError: The base model is needed and cannot be read.
    """
    bench = _Bench(settings, library)
    name = check_name(settings.name)
    vectors = _OPERATIONS[settings.operation](bench)
    count = len(vectors[0])
    if count > PROMPT_TOKENS:
        raise EmbeddingError(
            f"The embedding would have {count} vectors, and a prompt takes {PROMPT_TOKENS}; use "
            "fewer embeddings, or drop vectors first."
        )
    model, model_hash = bench.origin
    return Embedding(
        name,
        vectors,
        base_model=model,
        base_model_hash=model_hash,
        initialization_text=settings.sources if settings.operation == "arithmetic" else None,
        settings=_provenance(settings),
        date=date.today().isoformat(),
    )


@dataclass(frozen=True)
class _Bench:
    """The settings, and what they name, read when it is asked for."""

    settings: WorkshopSettings
    library: Library

    @cached_property
    def info(self) -> ModelInfo:
        return fetch_model(self.settings.model)

    @cached_property
    def words(self) -> list[Vocabulary]:
        return read_vocabularies(self.info)

    @cached_property
    def sources(self) -> list[Embedding]:
        names = [name.strip() for name in self.settings.sources.split(",") if name.strip()]
        if not names:
            raise EmbeddingError("No embeddings are given; name one or several, with commas.")
        found = [self.load(name) for name in names]
        for other in found[1:]:
            if other.widths != found[0].widths:
                raise EmbeddingError(
                    f"{dimension_mismatch(other.name, other.widths, found[0].widths)} Only "
                    "embeddings for one family of models can be combined."
                )
        return found

    @property
    def origin(self) -> tuple[str | None, str | None]:
        """The base model and its hash, if all sources name the same."""
        if self.settings.operation in {"arithmetic", "sdxl"}:
            return self.info.name, short_hash(self.info.folder)
        named = {(one.base_model, one.base_model_hash) for one in self.sources}
        return named.pop() if len(named) == 1 else (None, None)

    def load(self, name: str) -> Embedding:
        path = Path(name).expanduser()
        is_file = path.suffix.lower() in formats.READABLE and path.is_file()
        return formats.read(path) if is_file else self.library.load(name)

    def several(self, count: int | None = None) -> list[Vectors]:
        """Return the vectors of two or more embeddings, or of exactly `count`."""
        found, asked = self.sources, count or 2
        if len(found) < asked or (count and len(found) > count):
            number = f"{count}" if count else "two or more"
            raise EmbeddingError(
                f"{self.settings.operation} takes {number} embeddings, and {len(found)} "
                f"{'is' if len(found) == 1 else 'are'} given."
            )
        return [one.vectors for one in found]

    def fitting(self, one: Embedding, widths: tuple[int, ...]) -> Vectors:
        """Return an embedding's vectors if they have the model's widths."""
        if one.widths != widths:
            raise EmbeddingError(
                f"{dimension_mismatch(one.name, one.widths, widths)} Choose another base model."
            )
        return one.vectors


def _mix(bench: _Bench) -> Vectors:
    sources = bench.several()
    weights = _numbers(bench.settings.weights, "weights") or [1.0] * len(sources)
    if len(weights) != len(sources):
        raise EmbeddingError(
            f"There are {len(weights)} weights for {len(sources)} embeddings; give one for each, "
            "or none to mix them alike."
        )
    return operations.mix(sources, weights)


def _slerp(bench: _Bench) -> Vectors:
    first, second = bench.several(2)
    return operations.slerp(first, second, bench.settings.share)


def _subtract(bench: _Bench) -> Vectors:
    first, *others = bench.several()
    return operations.subtract(first, others)


def _drop(bench: _Bench) -> Vectors:
    (vectors,) = bench.several(1)
    numbers = _numbers(bench.settings.dropped, "vectors to drop")
    if not numbers or any(number != int(number) for number in numbers):
        raise EmbeddingError("Say which vectors to drop by their numbers, such as 1, 3.")
    return operations.drop(vectors, [int(number) for number in numbers])


def _rescale(bench: _Bench) -> Vectors:
    bench.several(1)
    vectors = bench.fitting(bench.sources[0], bench.info.widths)
    return operations.rescale(
        vectors, [words.mean_norm * bench.settings.norm for words in bench.words]
    )


def _arithmetic(bench: _Bench) -> Vectors:
    terms = read_expression(bench.settings.sources)
    widths = bench.info.widths
    return calculate(terms, bench.words, lambda name: bench.fitting(bench.load(name), widths))


def _sdxl(bench: _Bench) -> Vectors:
    bench.several(1)
    if len(bench.info.widths) != 2:
        raise EmbeddingError(
            f'The base model "{bench.info.name}" is not of SDXL; choose one with two text encoders.'
        )
    vectors = bench.fitting(bench.sources[0], bench.info.widths[:1])
    return seed_sdxl(vectors[0], *bench.words)


_OPERATIONS: dict[str, Callable[[_Bench], Vectors]] = {
    "mix": _mix,
    "slerp": _slerp,
    "concatenate": lambda bench: operations.concatenate(bench.several()),
    "subtract": _subtract,
    "drop": _drop,
    "rescale": _rescale,
    "arithmetic": _arithmetic,
    "sdxl": _sdxl,
}


def _numbers(text: str, what: str) -> list[float]:
    try:
        return [float(number) for number in text.split(",") if number.strip()]
    except ValueError:
        raise EmbeddingError(
            f'The {what} "{text[:60]}" are not numbers with commas between them.'
        ) from None


def _provenance(settings: WorkshopSettings) -> str:
    """Write how it was made as JSON; of paths only the names."""
    made = {"operation": settings.operation, "sources": _without_folders(settings)}
    defaults = WorkshopSettings(name=settings.name).model_dump()
    skipped = {*made, "name", "overwrite", "model"}
    changed = {
        key: value
        for key, value in settings.model_dump().items()
        if key not in skipped and value != defaults[key]
    }
    return json.dumps({"workshop": made | changed}, ensure_ascii=False)


def _without_folders(settings: WorkshopSettings) -> str:
    if settings.operation == "arithmetic":
        return settings.sources
    names: Sequence[str] = settings.sources.split(",")
    return ", ".join(Path(name.strip()).name for name in names)
