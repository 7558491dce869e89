import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
import torch

from tests.cats import losses, make_cat, run, settings, vectors
from textual_inversion.control import Control
from textual_inversion.crew import Crew, find_crew
from textual_inversion.data.batches import Batch, StepBatch

ROOT = Path(__file__).resolve().parents[1]
CPU = torch.device("cpu")


def test_a_process_that_is_alone_does_all_of_it_and_agrees_with_itself(cat):
    crew, control = find_crew(), Control()
    assert (crew.is_first, crew.size) == (True, 1)
    assert crew.widened(settings(cat)) == settings(cat)
    assert crew.agree(object(), control) is control


def test_batches_are_parted_without_a_rest_and_in_order():
    def batches():
        numbers = torch.arange(4.0)
        micro = Batch(numbers, numbers, numbers, tuple("abcd"))
        while True:
            yield StepBatch((micro, micro))

    shares = [next(islice(Crew(rank, 2, CPU).share(batches()), 1)) for rank in (0, 1)]
    assert [[micro.prompts for micro in share.micros] for share in shares] == [
        [("a", "b"), ("a", "b")],
        [("c", "d"), ("c", "d")],
    ]


def test_all_together_take_a_wider_batch(cat):
    wide = Crew(1, 2, CPU).widened(settings(cat, batch_size=3))
    assert wide == settings(cat, batch_size=6)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_from_twice_the_batch(home, cat):
    chosen = {"batch_size": 4, "gradient_accumulation_steps": 2, "max_steps": 5}
    alone = losses(run(cat, **chosen))
    expected = vectors(home)
    make_cat(cat["model"])
    together = settings(cat, **{**chosen, "batch_size": 2, "resume": "never"})
    (home / "two.json").write_text(together.to_json())
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*launch, "-m", "textual_inversion", "train", "--settings", "two.json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment["ACCELERATE_USE_CPU"] = "true"
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr
    assert torch.allclose(vectors(home), expected, atol=1e-6)
    folders = sorted(path.name for path in (home / "runs").glob("*/*"))
    assert folders == ["cat-x", "cat-x-2"]
    (table,) = (home / "runs").glob("*/cat-x-2/textual_inversion_loss.csv")
    read = [float(line.split(",")[3]) for line in table.read_text().splitlines()[1:]]
    assert read == pytest.approx(alone, abs=1e-6)
    assert done.stdout.count("Finished at 5") == 1
