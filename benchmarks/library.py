"""Measure how long a large embeddings folder takes to list, and to search while one types.

    python benchmarks/library.py [--count 10000] [--rounds 3]

Embeddings of SD 1.x, SD 2.x and SDXL are written to 20 sub-folders, as .pt in torch's two forms and
as .safetensors. Each listing is a process of its own, started afresh, the imports not counted:
cold: nothing is remembered of the folder; known: another program has listed it; warm: the same
program lists it again; typed: a search for each letter of a name. Beside them: reading all files in
full, as it must be done without what this measures. Printed are medians of the wall clock and of
processor time, which a busy machine does not change; files are in the system's cache.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WIDTHS = ((768,), (1024,), (768, 1280))


def fill(folder: Path, count: int) -> None:
    """Write so many embeddings."""
    import torch

    from textual_inversion.embeddings import formats
    from textual_inversion.embeddings.embedding import Embedding
    from textual_inversion.embeddings.formats import a1111

    for n in range(count):
        widths = WIDTHS[n % 4 if n % 4 < 3 else 0]
        vectors = tuple(torch.randn(1 + n % 6, width) / 50 for width in widths)
        name = f"word-{n:05}"
        one = Embedding(name, vectors, 500, "v1-5-pruned", "6ce0161689")
        parent = folder / f"folder-{n % 20:02}"
        parent.mkdir(exist_ok=True)
        if n % 5 == 0 and len(widths) == 1:  # as A1111 itself saves them
            torch.save(a1111.as_dict(one), parent / f"{name}.pt")
        else:
            formats.write(one, parent / f"{name}{formats.extension_for(one)}")


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Give the seconds by the clock and of the processor."""
    wall, used = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - used


def measure(folder: Path, what: str) -> dict[str, tuple[float, float]]:
    """Measure in this process, which has listed nothing yet."""
    from textual_inversion.embeddings.library import Library
    from textual_inversion.embeddings.library.index import FILE
    from textual_inversion.embeddings.library.reading import summarize
    from textual_inversion.embeddings.library.search import search

    if what == "full":
        files = sorted(path for path in folder.rglob("*.*") if path.suffix != ".json")
        return {"every file in full": timed(lambda: [summarize(path) for path in files])}
    if what == "cold":
        (folder / FILE).unlink(missing_ok=True)
        return {"cold": timed(Library(folder).list)}
    library = Library(folder)
    taken = {"known": timed(library.list), "warm": timed(library.list)}
    entries, name = library.list(), "word-00777"
    typed = [timed(lambda to=to: search(entries, name[:to])) for to in range(1, len(name) + 1)]
    taken["typed, the slowest letter"] = max(typed)
    taken["found by name"] = timed(lambda: library.find(name))
    return taken


def run(folder: Path, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Measure in processes of their own, turn by turn."""
    taken: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for what in ("full", "cold", "known"):
            argv = [sys.executable, __file__, "--measure", what, "--folder", str(folder)]
            ran = subprocess.run(argv, check=True, capture_output=True, text=True, cwd=ROOT)
            for name, seconds in json.loads(ran.stdout).items():
                taken.setdefault(name, []).append(seconds)
    return taken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.folder, args.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), args.count)
        taken = run(Path(folder), args.rounds)
    medians = {
        name: [statistics.median(column) for column in zip(*rounds, strict=True)]
        for name, rounds in taken.items()
    }
    base = medians["every file in full"][1]
    print(f"{args.count} embeddings, medians of {args.rounds}")
    print(f"{'':28}{'clock':>9}{'processor':>11}{'ratio':>9}")
    for name, (wall, used) in medians.items():
        print(f"{name:28}{wall:8.2f}s{used:10.2f}s{base / used:8.1f}x")


if __name__ == "__main__":
    main()
