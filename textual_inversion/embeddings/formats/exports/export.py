"""Export an embedding: write it beside its place, read it back bit by bit, then move it there."""

from __future__ import annotations

import dataclasses
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name

import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.errors import EmbeddingError, StorageError
from textual_inversion.names import check_name
from textual_inversion.storage.atomic import explain


def export(
    embedding: Embedding,
    format_name: str,
    output: Path,
    *,
    extras: Extras | None = None,
    force: bool = False,
) -> list[Path]:
    """Write an embedding in a format and return its files, the one with the vectors first.

    Args:
        embedding: What to write; its name becomes the file's, unless the output names a file.
        format_name: One of `FORMATS`.
        output: A folder; or, where the format is a single file, that file.
        extras: A picture and the like, for those formats that show them.
        force: Replace files that are there already.

    Raises:
        EmbeddingError: The format has no room for it, files are there already, or what was written
            could not be read back.
        StorageError: It could not be written.
    """
    return export_all([(embedding, extras or Extras())], format_name, output, force=force)


def export_all(
    embeddings: Iterable[tuple[Embedding, Extras]],
    format_name: str,
    output: Path,
    *,
    force: bool = False,
) -> list[Path]:
    """Write several embeddings as `export` does, all or none; return their files.

    Raises:
        EmbeddingError: One cannot be written, or two would have the same file.
        StorageError: They could not be written.
    """
    folder, file_name = _place(format_name, output)
    moves: list[tuple[Path, Path]] = []
    is_new = False
    try:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=folder) as staging:
            for number, (embedding, extras) in enumerate(embeddings):
                own = Path(staging, str(number))
                own.mkdir()
                main = _written(embedding, format_name, own, file_name, extras)
                moves += _targets(main, own, folder, file_name)
            _move(moves, force=force)
    except OSError as error:
        raise StorageError(explain(output, error)) from error
    finally:
        if is_new:
            with suppress(OSError):  # it is empty only where nothing was written
                folder.rmdir()
    return [target for _, target in moves]


def _written(
    embedding: Embedding, format_name: str, folder: Path, file_name: str | None, extras: Extras
) -> Path:
    """Write an embedding's files into a folder of their own, and read them back."""
    form = FORMATS[format_name]
    name = Path(file_name).stem if file_name and form.is_named else embedding.name
    embedding = dataclasses.replace(embedding, name=check_name(name), key=None)
    main = resolve_name(f"{__package__}.{form.writer}")(folder, embedding, extras)
    _check_same(main, embedding)
    return main


def _place(format_name: str, output: Path) -> tuple[Path, str | None]:
    """Split the output into a folder and, if it names one, a file."""
    form = FORMATS[format_name]
    if not output.suffix or output.is_dir() or "/" in form.file:
        return output, None
    if output.suffix.lower() in formats.READABLE and output.suffix.lower() != form.suffix:
        raise EmbeddingError(
            f"Cannot write {output} as {format_name}, which ends in {form.suffix}; name it so or "
            "give a folder."
        )
    is_file = output.suffix.lower() == form.suffix
    return (output.parent, output.name) if is_file else (output, None)


def _check_same(path: Path, embedding: Embedding) -> None:
    """Read a file again: the same number of the same bits."""
    found = formats.read(path)
    same = found.widths == embedding.widths and all(
        torch.equal(theirs.view(torch.int32), ours.detach().cpu().float().view(torch.int32))
        for theirs, ours in zip(found.vectors, embedding.vectors, strict=True)
    )
    if not same:
        raise EmbeddingError(
            f"{path.name} read back other vectors than {embedding.name} has, so it was not kept; "
            "try another format."
        )


def _targets(
    main: Path, staging: Path, folder: Path, file_name: str | None
) -> list[tuple[Path, Path]]:
    """Pair an embedding's files with their places, the one with the vectors first."""
    sources = sorted((path for path in staging.rglob("*") if path.is_file()), key=main.__ne__)
    targets = [folder / source.relative_to(staging) for source in sources]
    if file_name:
        targets[0] = folder / file_name
    return list(zip(sources, targets, strict=True))


def _move(moves: list[tuple[Path, Path]], *, force: bool) -> None:
    """Put the files in their places, none of them if one is taken."""
    targets = [target for _, target in moves]
    twice = next((one for one, number in Counter(targets).items() if number > 1), None)
    if twice:
        raise EmbeddingError(
            f"Several embeddings would be written to {twice}, so none was; write each to an "
            "output of its own."
        )
    taken = [target for target in targets if target.exists() or target.is_symlink()]
    if taken and not force:
        raise EmbeddingError(
            f"{taken[0]} exists already; choose another output or allow it to be overwritten "
            "(--force)."
        )
    for source, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
