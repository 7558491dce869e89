"""The tensors of a checkpoint, in another precision, in little more than their own memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import torch

from textual_inversion.models.single_file.layout import read_pickled

Change = Callable[[str, torch.Tensor], torch.Tensor]

NUM_THREADS = 2  # one computes while the other waits for the disk
_PART_BYTES = 1 << 26


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of a .safetensors or torch file, mapped into memory until they are used."""
    if path.suffix.lower() == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return read_pickled(path)


def read_changed(path: Path, prefixes: tuple[str, ...], change: Change) -> dict[str, torch.Tensor]:
    """Read the tensors whose names begin so, each as `change` of its name and itself returns it.

    A tensor that `change` returns as it is stays in the mapped file. The file's pages of one that
    is copied would count as this program's memory, too; so these are read through a mapping of
    their own for each part of the file, which ends with its last tensor.
    """
    if path.suffix.lower() != ".safetensors":
        tensors = read_pickled(path)
        return {name: change(name, tensors[name]) for name in tensors if name.startswith(prefixes)}
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file, ThreadPoolExecutor(NUM_THREADS) as pool:
        kept = {
            name: file.get_tensor(name)
            for name in file.keys()  # noqa: SIM118
            if name.startswith(prefixes)
        }
        for changed in pool.map(partial(_read_part, path, change), _parts(kept)):
            kept.update(changed)
    return kept


def _read_part(path: Path, change: Change, names: Iterable[str]) -> dict[str, torch.Tensor]:
    """Read some tensors; those that need no change are left out, and not looked at."""
    from safetensors import safe_open

    found = {}
    with safe_open(path, framework="pt") as file:
        for name in names:
            tensor = file.get_tensor(name)
            changed = change(name, tensor)
            if changed is not tensor:
                found[name] = changed
    return found


def _parts(tensors: dict[str, torch.Tensor]) -> Iterator[Collection[str]]:
    """Cut the names into parts of some size, in the order of their numbers in the file."""
    part: list[str] = []
    num_bytes = 0
    for name in sorted(tensors, key=lambda name: tensors[name].data_ptr()):
        part.append(name)
        num_bytes += tensors[name].nbytes
        if num_bytes >= _PART_BYTES:
            yield part
            part, num_bytes = [], 0
    if part:
        yield part
