"""Measure how fast pictures of 12 megapixels are prepared, against a plain loop with Pillow.

    python benchmarks/preprocess.py [--count 24] [--focal] [--rounds 1]

Both bring each picture to 512 x 512 and write it and its mirror as PNG. The loop opens, turns
upright, converts, resizes, crops and saves one picture after another, with Pillow's defaults, as
AUTOMATIC1111's page did without focal crop; it looks for no focus, also beside our focal crop. Each
row is a process of its own; the memory is the most it had at a time. The last row of ours has four
times as many pictures: its memory should be the same. Core seconds (of all threads) tell the work
even on a machine that is busy with something else. With several rounds all ways but that last row
take turns, and the table shows medians.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
SIZE = (4000, 3000)
TARGET = 512


def make_pictures(folder: Path, count: int) -> None:
    """Write `count` JPEG files of 12 megapixels with soft shapes and some grain."""
    folder.mkdir()
    grain = Image.effect_noise((1000, 750), 30).resize(SIZE)
    shapes = [Image.effect_noise((16, 12), 120).resize(SIZE, Image.Resampling.BICUBIC)] * 2
    Image.merge("RGB", [*shapes, grain]).save(folder / "0000.jpg", quality=92)
    data = (folder / "0000.jpg").read_bytes()
    for k in range(1, count):
        (folder / f"{k:04d}.jpg").write_bytes(data)


def plain_loop(source: Path, destination: Path) -> None:
    """Prepare pictures as one would write it down at first."""
    destination.mkdir()
    for path in sorted(source.iterdir()):
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        scale = TARGET / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
        left, top = (image.width - TARGET) // 2, (image.height - TARGET) // 2
        image = image.crop((left, top, left + TARGET, top + TARGET))
        image.save(destination / f"{path.stem}-0.png")
        ImageOps.mirror(image).save(destination / f"{path.stem}-1.png")


def ours(source: Path, destination: Path, *, focal: bool = False) -> None:
    """Prepare pictures as `ti preprocess` does."""
    from preprocessing import preprocess
    from textual_inversion.settings import PreprocessSettings

    settings = PreprocessSettings(
        source=str(source),
        destination=str(destination),
        flipped_copies="horizontal",
        focal_crop=focal,
    )
    for _ in preprocess(settings, size=TARGET):
        pass


WAYS = {"loop": plain_loop, "ours": ours, "focal": lambda a, b: ours(a, b, focal=True)}


def measure(way: str, source: Path, destination: Path) -> tuple[float, float, float]:
    """Run one way in a process of its own; give its seconds, those of all cores, and peak MB."""
    argv = [sys.executable, __file__, "--run", way, str(source), str(destination)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = subprocess.run(argv, check=True, capture_output=True, text=True, env=env).stdout
    seconds, work, kilobytes = map(float, out.split())
    return seconds, work, kilobytes / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--focal", action="store_true", help="measure focal crops, too")
    parser.add_argument("--rounds", type=int, default=1, help="repeat all in turns")
    parser.add_argument("--run", nargs=3, metavar=("WAY", "SOURCE", "DESTINATION"))
    args = parser.parse_args()
    if args.run:
        way, source, destination = args.run
        began, worked = time.perf_counter(), time.process_time()
        WAYS[way](Path(source), Path(destination))
        seconds, work = time.perf_counter() - began, time.process_time() - worked
        print(seconds, work, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    with tempfile.TemporaryDirectory() as folder:
        table(Path(folder), args.count, focal=args.focal, rounds=args.rounds)


def table(folder: Path, count: int, *, focal: bool, rounds: int) -> None:
    """Measure each row and print it."""
    rows = [("loop", count), ("ours", count)]
    rows += [("focal", count)] if focal else []
    for size in {count, 4 * count}:
        make_pictures(folder / str(size), size)
    names = {"loop": "plain Pillow loop", "ours": "ti preprocess", "focal": "with focal crop"}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'':24}{'pictures':>9}{'seconds':>9}{'per second':>12}{'ratio':>7}"
        f"{'core seconds':>14}{'peak MB':>9}"
    )
    measured = {row: [] for row in rows}
    for turn in range(rounds):
        for way, number in rows:
            out = folder / f"{way}{turn}"
            measured[way, number].append(measure(way, folder / str(number), out))
    measured["ours", 4 * count] = [measure("ours", folder / str(4 * count), folder / "large")]
    base = 0.0
    for (way, number), found in measured.items():
        seconds, work, megabytes = map(statistics.median, zip(*found, strict=True))
        speed = number / seconds
        base = base or speed
        print(
            f"{names[way]:24}{number:9}{seconds:9.1f}{speed:12.2f}{speed / base:6.1f}x"
            f"{work:14.2f}{megabytes:9.0f}"
        )


if __name__ == "__main__":
    main()
