"""Where the vectors of a cell come from: a run's snapshot, the library, or a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError, SettingsError
from textual_inversion.generation.grids import axes as known
from textual_inversion.generation.grids.run_folder import BEST, RunFolder
from textual_inversion.generation.grids.values import is_range, read_numbers, split_values
from textual_inversion.generation.infotext import vectors_hash
from textual_inversion.prompts.placeholders import split_names


@dataclass(frozen=True, eq=False)
class Source:
    """An embedding, its file, and how many of its vectors are kept (0: all)."""

    label: str
    path: Path
    embedding: Embedding
    kept: int = 0

    @cached_property
    def hash(self) -> str:
        """The short hash of the vectors that are kept."""
        return vectors_hash(self.embedding.vectors)

    def cut(self, count: int) -> Source:
        """Keep the first `count` vectors.

        Raises:
            SettingsError: There are fewer.
        """
        whole = self.embedding
        if not 1 <= count <= whole.num_vectors:
            raise SettingsError(
                f"{self.label} has {whole.num_vectors} "
                f"vector{'s' if whole.num_vectors != 1 else ''}, so {count} cannot be kept; take "
                f"1 to {whole.num_vectors}."
            )
        rows = tuple(tensor[:count] for tensor in whole.vectors)
        return Source(self.label, self.path, dataclasses.replace(whole, vectors=rows), count)


class Sources:
    """Finds the vectors that a cell's word stands for; each file is read once."""

    def __init__(self, library: Library, run: RunFolder | None, chosen: str) -> None:
        self.library = library
        self.run = run
        self.chosen = chosen
        self._read: dict[object, Source] = {}

    def word(self, prompts: str) -> str:
        """Return the word that varies: the one chosen, the run's, or the first in the prompts."""
        if self.run and self.chosen in ("", self.run.name):
            return self.run.name
        words = [entry.word for entry in self.library.list() if entry.problem is None]
        if self.chosen:
            self.library.load(self.chosen)  # says what is wrong with it
            entry = self.library.find(self.chosen)
            return entry.word if entry else self.chosen
        named = [piece.name for piece in split_names(prompts, words) if piece.name]
        return named[0] if named else ""

    def names(self) -> list[str]:
        """List the usable embeddings of the library."""
        return [entry.name for entry in self.library.list() if entry.problem is None]

    def num_vectors(self) -> int:
        """Count the vectors of the run's or the chosen embedding; 0 where there is neither."""
        word = self.word("")
        source = self._source(word, {}) if word else None
        return source.embedding.num_vectors if source else 0

    def steps(self, text: str) -> Iterator[int | str]:
        """Read which snapshots are meant: all without a text; a range takes the nearest to each.

        Raises:
            SettingsError: There is no run, or no snapshot of a step.
        """
        if self.run is None:
            raise SettingsError("step compares the snapshots of a run; give a run folder.")
        chosen = [step for part in split_values(text) for step in self._steps_of(part)]
        yield from dict.fromkeys(chosen or self.run.snapshots)

    def find(self, word: str, chosen: dict[str, Any]) -> Source | None:
        """Return the vectors for one cell, by the values chosen on its axes."""
        source = self._source(word, chosen)
        if source is None or known.VECTORS not in chosen:
            return source
        key = (source, chosen[known.VECTORS])
        if key not in self._read:
            self._read[key] = source.cut(chosen[known.VECTORS])
        return self._read[key]

    def _source(self, word: str, chosen: dict[str, Any]) -> Source | None:
        if known.EMBEDDING in chosen:
            return self._named(chosen[known.EMBEDDING])
        if self.run and word == self.run.name:
            return self._snapshot(self.run, chosen.get(known.STEP, max(self.run.snapshots)))
        if known.STEP in chosen:
            raise SettingsError(
                f"step compares the snapshots of the run's {self.run.name if self.run else ''}, "
                f"not of {word}; leave the embedding empty."
            )
        return self._named(word)

    def _steps_of(self, part: str) -> list[int | str]:
        assert self.run is not None
        steps = list(self.run.snapshots)
        if part.casefold() == BEST and self.run.best:
            return [BEST]
        numbers = [int(number) for number in read_numbers(part, whole=True)]
        if is_range(part):
            return [min(steps, key=lambda step: abs(step - number)) for number in numbers]
        if missing := [number for number in numbers if number not in steps]:
            listed = ", ".join(map(str, steps[:12])) + (" …" if len(steps) > 12 else "")
            raise SettingsError(
                f"There is no snapshot of step {missing[0]} in {self.run.folder}; there are: "
                f"{listed}."
            )
        return list(numbers)

    def _snapshot(self, run: RunFolder, step: int | str) -> Source:
        path = run.best if isinstance(step, str) else run.snapshots[step]
        assert path is not None
        return self._cached(path, lambda: Source(f"{run.name} {step}", path, formats.read(path)))

    def _named(self, name: str) -> Source:
        """Read an embedding by its name in the library, or its file by path."""
        if self.library.find(name):
            path = self.library.path_of(name)
            return self._cached(name, lambda: Source(name, path, self.library.load(name)))
        path = Path(name).expanduser()
        if path.suffix.lower() in formats.READABLE and path.is_file():
            return self._cached(path, lambda: Source(path.stem, path, formats.read(path)))
        self.library.path_of(name)  # raises: there is none
        raise EmbeddingError(f"There is no embedding {name!r}.")

    def _cached(self, key: object, read: Any) -> Source:
        if key not in self._read:
            self._read[key] = read()
        return self._read[key]
