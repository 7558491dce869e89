"""Kill a training N times at random moments; every run must come out as one never killed.

python benchmarks/soak.py --kills 50 [--threads 2] [--model models/pocket]
python benchmarks/soak.py --kills 20 --sweep   # a sweep of eight runs, equal up to rounding
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import soak, soak_sweep, tiny


def main() -> int:
    """Soak, and print a table of the moments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", type=Path, help="a folder; else a tiny random model is made")
    parser.add_argument("--sweep", action="store_true", help="eight runs in one batch")
    args = parser.parse_args()
    began = time.perf_counter()
    root = Path(tempfile.mkdtemp(prefix="soak-"))
    model = args.model.resolve() if args.model else tiny.build(root / "model")
    task = soak_sweep.SWEEP if args.sweep else soak.TRAINING
    done = soak.soak(root, model, task, kills=args.kills, seed=args.seed, threads=args.threads)
    for moment, count in done.kills.items():
        print(f"{moment:12} {count:4}")
    seconds = time.perf_counter() - began
    print(f"{sum(done.kills.values())} kills in {done.runs} runs, {seconds:.0f} s")
    print(f"different from the unbroken run: {len(done.different)}")
    for line in done.different:
        print(f"  {root}/{line}")
    return 1 if done.different else 0


if __name__ == "__main__":
    sys.exit(main())
