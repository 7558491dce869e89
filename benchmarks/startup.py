"""Measure how long one waits: `ti --help`, and `python app.py` until the first page is served.

    python benchmarks/startup.py [--runs 5]

Each is a process of its own, started afresh; the medians are printed, and beside them the time of
a bare `python -c pass`, so that machines can be compared.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def timed(argv: list[str]) -> float:
    """Run a command to its end and give the seconds."""
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - began


def first_page() -> float:
    """Start the page and give the seconds until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    env = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    argv = [sys.executable, "app.py", "--port", str(port)]
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as server:
        try:
            while not _answers(f"http://127.0.0.1:{port}/"):
                if server.poll() is not None:
                    raise SystemExit("The page ended before it answered.")
                time.sleep(0.02)
            return time.perf_counter() - began
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    bare = [sys.executable, "-c", "pass"]
    help_ = [sys.executable, "-m", "textual_inversion", "--help"]
    rows: dict[str, Callable[[], float]] = {
        "python -c pass": lambda: timed(bare),
        "ti --help": lambda: timed(help_),
        "app.py to the first page": first_page,
    }
    taken: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(runs):
        for name, measure in rows.items():
            taken[name].append(measure())
    base = statistics.median(taken["python -c pass"])
    print(f"{'':28}{'median':>9}{'min':>9}{'max':>9}{'ratio':>9}")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(
            f"{name:28}{median:8.2f}s{min(seconds):8.2f}s{max(seconds):8.2f}s{median / base:8.1f}x"
        )


if __name__ == "__main__":
    main()
