"""What open pages cost: an idle one its processor, a training its steps a second beside eight.

python benchmarks/tabs.py --pages 8 --seconds 30
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, Server, serve
from tests.browser.page import create, open_page, press, set_up_training, step_of, wait_for_step


def main() -> None:
    """Open page after page during a training, and print what changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    args = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="tabs-"))
    serving = contextlib.contextmanager(serve)(home)
    with serving as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        window = browser.new_context(viewport={"width": 1280, "height": 900})
        window.set_default_timeout(120_000)
        first = open_page(window, server)
        first.wait_for_timeout(3000)
        idle = _idle(server.process.pid, args.seconds)
        create(first, "glimmer")
        set_up_training(first, max_steps=100_000, save_image_every=0)
        press(first, "train-start-button")
        wait_for_step(first, 10)
        alone = _watched(first, args.seconds)
        opening = [_seconds(window, server) for _ in range(args.pages - 1)]
        crowded = _watched(first, args.seconds)
        browser.close()
    print(f"an idle page: {idle[0]:.3f} cores of the server, {idle[1]:.3f} of the browser")
    print(f"one page:   {alone[0]:5.1f} steps/s, {alone[1]:.2f} cores for the browser")
    print(f"{args.pages} pages:  {crowded[0]:5.1f} steps/s, {crowded[1]:.2f} cores for the browser")
    print(f"the training keeps {crowded[0] / alone[0]:.0%} of its speed")
    print(f"a further page opened in {min(opening):.1f} to {max(opening):.1f} s")


def _watched(page: Page, seconds: float) -> tuple[float, float]:
    """Steps a second, and cores that Chromium's pages kept busy, over some seconds."""
    step, busy, began = step_of(page), _busy(), time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - began
    return (step_of(page) - step) / passed, (_busy() - busy) / passed


def _idle(server: int, seconds: float) -> tuple[float, float]:
    """Cores that the server and that Chromium's pages kept busy, over some seconds."""
    before = _spent(Path(f"/proc/{server}")), _busy()
    time.sleep(seconds)
    after = _spent(Path(f"/proc/{server}")), _busy()
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def _seconds(window: BrowserContext, server: Server) -> float:
    began = time.perf_counter()
    step_of(open_page(window, server, "Train"))
    return time.perf_counter() - began


def _busy() -> float:
    """Processor seconds of the pages' processes."""
    total = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"--type=renderer" in (process / "cmdline").read_bytes():
                total += _spent(process)
    return total


def _spent(process: Path) -> float:
    """Processor seconds of a process so far; `/proc/PID/stat` counts hundredths."""
    numbers = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / 100


if __name__ == "__main__":
    main()
