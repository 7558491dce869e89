"""The rival's rate: the best of a few shares of a word's size, on concepts that are not judged."""

from __future__ import annotations

import numpy as np

from benchmarks.quality_bench.bench import Bench
from benchmarks.quality_bench.concepts import tuning_subjects
from benchmarks.quality_bench.prompts import few_asked
from benchmarks.quality_bench.rivals import SCRIPT, at_rate

# What the README's rate is of a word's size in SD 1.x (0.014) lies between the first two.
SHARES = (0.05, 0.2, 0.8)


def tune(bench: Bench, num_steps: int) -> float:
    """Return the rate whose harmonic mean of likeness and obedience is best, and print all."""
    asked, means = few_asked(), []
    for share in SHARES:
        found = []
        for subject in tuning_subjects():
            recipe = at_rate(SCRIPT, share * bench.word_size)
            vectors = bench.learn(subject, recipe, [num_steps])[num_steps]
            pictures = bench.draw(f"{subject.concept}-tuning", asked, vectors)
            found.append(bench.judge(subject, asked, pictures).harmonic)
        means.append(float(np.mean(found)))
        print(f"tuning: {share} of a word's size ({share * bench.word_size:.4f}), "
              f"harmonic mean {means[-1]:.3f}", flush=True)  # fmt: skip
    return SHARES[int(np.argmax(means))] * bench.word_size
