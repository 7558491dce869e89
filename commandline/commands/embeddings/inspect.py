"""`ti inspect`: what an embedding file holds, and which programs load it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.errors import printable
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.inspection import Inspection, VectorFacts

_BASE_MODEL = (
    "Compare the vectors with this model's words. (default: the model that the file names, or the "
    "pocket model, where one is here and has the file's token dimension)"
)


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    parser.add_argument("file", metavar="FILE", help="An embedding file, or a name in embeddings/.")
    parser.add_argument("--base-model", metavar="TEXT", help=_BASE_MODEL)
    parser.add_argument("--json", action="store_true", help="Print one JSON list for scripts.")


def run(args: argparse.Namespace) -> int:
    """Run the command and give its exit code."""
    from textual_inversion.embeddings.inspection import inspect

    found = inspect(_file(args.file), args.base_model)
    if args.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        # Keys and names in the file are anybody's.
        print("\n\n".join("\n".join(map(printable, _lines(one))) for one in found))
    return 0


def _file(name: str) -> Path:
    """Find the file that is meant: a path, or else a name in the library."""
    from textual_inversion.embeddings.library import Library

    path = Path(name).expanduser()
    entry = None if path.is_file() else Library(find_folder("embeddings")).find(name)
    return entry.path if entry else path


def _lines(one: Inspection) -> Iterator[str]:
    widths = " and ".join(map(str, one.widths))
    vectors = "1 vector" if one.num_vectors == 1 else f"{one.num_vectors} vectors"
    yield f"{one.name}: {vectors} of width {widths}, for {one.family}"
    yield f"file: {one.path}"
    yield f"step {one.step}, base model {_base_model(one)}"
    for label in ("initialization_text", "date", "settings"):
        if value := getattr(one, label):
            yield f"{label.replace('_', ' ')}: {value}"
    yield ""
    yield from _vectors(one)
    yield ""
    for verdict in one.programs:
        if not verdict.loads:
            yield f"{verdict.program:14} no   {verdict.reason}"
            continue
        yield f"{verdict.program:14} yes  {verdict.reason}".rstrip()
        yield f"{'':19}put it in: {verdict.place}"
        yield f"{'':19}type: {verdict.prompt}"


def _base_model(one: Inspection) -> str:
    hash_ = f" [{one.base_model_hash}]" if one.base_model_hash else ""
    return f"{one.base_model or 'not named'}{hash_}"


def _vectors(one: Inspection) -> Iterator[str]:
    if one.compared_with:
        yield f"Nearest words of {one.compared_with}, with cosines; norm, and norm / mean of words:"
    else:
        yield "Norms (for the nearest words give the base model: --base-model):"
    yield from map(_vector, one.vectors)


def _vector(facts: VectorFacts) -> str:
    share = f" = {facts.share_of_words:.2f} x words" if facts.share_of_words is not None else ""
    words = ", ".join(f"{word} {cosine:.2f}" for word, cosine in facts.nearest)
    parts = (f"norm {facts.norm:.3f}{share}", facts.problem, words)
    return f"  encoder {facts.encoder}, vector {facts.number}: " + "; ".join(filter(None, parts))
