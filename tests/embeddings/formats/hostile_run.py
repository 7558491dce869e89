"""Run as a program: list a folder of hostile files, and say what it took."""

import json
import re
import sys
import time
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError


def peak_mb() -> float:
    """Give this program's own peak; getrusage would count the one that started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main(folder: Path) -> None:
    for module in ("pt", "png", "safetensors_file"):
        __import__(f"textual_inversion.embeddings.formats.{module}")
    before, start = peak_mb(), time.perf_counter()
    library = Library(folder)
    entries = library.list()
    cold, start = time.perf_counter() - start, time.perf_counter()
    library.list()
    warm = time.perf_counter() - start
    slowest = 0.0
    messages = []
    for path in sorted(folder.glob("[!.]*")):
        start = time.perf_counter()
        try:
            messages.append(f"read: {formats.read(path).name}")
        except EmbeddingError as error:
            messages.append(str(error))
        slowest = max(slowest, time.perf_counter() - start)
    said = {
        "cold_s": round(cold, 2),
        "warm_s": round(warm, 2),
        "slowest_s": round(slowest, 2),
        "mb": round(peak_mb() - before),
        "good": [entry.name for entry in entries if not entry.problem],
        "messages": messages,
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
