"""The list of base models and VAEs: what each is, and why one cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo, describe
from textual_inversion.models.checks.config import read_config
from textual_inversion.models.families import name_version
from textual_inversion.models.hub import is_hub_name, list_cached
from textual_inversion.models.listing.hashes import known_hash
from textual_inversion.models.listing.scanning import scan
from textual_inversion.models.listing.vaes import is_vae_file
from textual_inversion.models.single_file.layout import read_checkpoint_layout

Kind = Literal["folder", "file", "hub", "vae"]
_KEPT = 2_000


@dataclass(frozen=True)
class ModelEntry:
    """A base model, or a VAE; with a `problem` it cannot be used and other fields are empty."""

    name: str
    """What settings accept."""
    path: str
    kind: Kind
    family: str = ""
    prediction: str = ""
    """"epsilon", "v_prediction", or empty where only the open UNet can tell."""
    size: int = 0
    """Native width and height in pixels."""
    widths: tuple[int, ...] = ()
    num_bytes: int = 0
    short_hash: str | None = None
    """A1111's hash, where it was computed already."""
    problem: str | None = None


_seen: dict[tuple[Path, str], tuple[tuple[int, int], ModelEntry]] = {}


def list_entries() -> list[ModelEntry]:
    """Describe the models and VAEs of the scanned folders and the models of the Hub's cache.

    A file is read again only when it has changed.
    """
    found = [*scan().items(), *list_cached().items()]
    return [replace(_entry(name, path), short_hash=known_hash(path)) for name, path in found]


def _entry(name: str, path: Path) -> ModelEntry:
    stamp = _stamp(path)
    known = _seen.get((path, name))
    if known is None or known[0] != stamp:
        if len(_seen) >= _KEPT:
            _seen.clear()
        known = _seen[path, name] = stamp, _described(name, path)
    return known[1]


def _described(name: str, path: Path) -> ModelEntry:
    num_bytes = sum(file.stat().st_size for file in _files(path))
    kind: Kind = "file" if path.is_file() else "hub" if is_hub_name(name) else "folder"
    blank = ModelEntry(name, str(path), kind, num_bytes=num_bytes)
    try:
        if is_vae_file(path):
            return replace(blank, kind="vae", family="VAE")
        info = describe(path, name)
        return replace(
            blank,
            family=name_version(info.family, info.widths),
            prediction=_prediction(info),
            size=info.size,
            widths=info.widths,
        )
    except ModelError as error:
        return replace(blank, problem=str(error))
    except OSError as error:
        return replace(blank, problem=f"{path} cannot be read: {error.strerror}.")


def _prediction(info: ModelInfo) -> str:
    if info.is_single_file:
        return read_checkpoint_layout(info.folder).prediction or ""
    config = read_config(info.folder / "scheduler" / "scheduler_config.json")
    return str(config.get("prediction_type", "epsilon"))[:40]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    yield from (file for file in path.glob("*/*") if file.is_file())


def _stamp(path: Path) -> tuple[int, int]:
    index = path if path.is_file() else path / "model_index.json"
    try:
        status = index.stat()
    except OSError:  # gone since the folder was scanned
        return 0, 0
    return status.st_mtime_ns, status.st_size
