import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
import torch

from tests.cats import losses, make_cat, run, settings, vectors
from textual_inversion.data.batches import Batch, StepBatch
from textual_inversion.errors import TrainingError
from textual_inversion.runs.requests import Control
from textual_inversion.training.distributed import GradientSync, ProcessGroup, join_process_group

ROOT = Path(__file__).resolve().parents[2]


def test_a_process_that_is_alone_does_all_of_it_and_agrees_with_itself(cat):
    group = join_process_group()
    assert (group.is_first, group.size) == (True, 1)
    assert group.with_global_batch(settings(cat)) == settings(cat)


def test_batches_are_parted_without_a_rest_and_in_order():
    def batches():
        numbers = torch.arange(4.0)
        micro = Batch(numbers, numbers, numbers, tuple("abcd"))
        while True:
            yield StepBatch((micro, micro))

    shares = [next(islice(ProcessGroup(rank, 2).shard(batches()), 1)) for rank in (0, 1)]
    assert [[micro.prompts for micro in shard.micro_batches] for shard in shares] == [
        [("a", "b"), ("a", "b")],
        [("c", "d"), ("c", "d")],
    ]


def test_all_together_take_a_wider_batch(cat):
    wide = ProcessGroup(1, 2).with_global_batch(settings(cat, batch_size=3))
    assert wide == settings(cat, batch_size=6)


def test_a_stop_asked_of_one_process_is_agreed_upon_and_tensors_stay_the_callers():
    own, parameter = Control(), torch.zeros(2, requires_grad=True)
    parameter.grad, loss = torch.ones(2), torch.tensor(0.5)
    sync = GradientSync(own)
    assert torch.equal(sync.average([parameter], loss), loss)
    assert not sync.agreed.stopping
    own.ask("stop")
    assert sync.average([parameter], loss) is not loss
    assert (sync.agreed.stopping, sync.agreed.converged) == (True, False)
    assert parameter.grad.tolist() == [1, 1]


def launch(launcher, *flags, of):
    """Train with one of the launchers, in an environment that says nothing of it."""
    command = [sys.executable, "-m", launcher, *flags, "-m", "textual_inversion", "train"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCELERATE_")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--settings", of],
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_from_twice_the_batch(home, cat):
    chosen = {"batch_size": 4, "gradient_accumulation_steps": 2, "max_steps": 5}
    alone = losses(run(cat, **chosen))
    expected = vectors(home)
    make_cat(cat["model"])
    together = settings(cat, **{**chosen, "batch_size": 2, "resume": "never"})
    (home / "two.json").write_text(together.to_json())
    done = launch("torch.distributed.run", "--standalone", "--nproc-per-node=2", of="two.json")
    assert torch.allclose(vectors(home), expected, atol=1e-6)
    folders = sorted(path.name for path in (home / "runs").glob("*/*"))
    assert folders == ["cat-x", "cat-x-2"]
    (table,) = (home / "runs").glob("*/cat-x-2/textual_inversion_loss.csv")
    read = [float(line.split(",")[3]) for line in table.read_text().splitlines()[1:]]
    assert read == pytest.approx(alone, abs=1e-6)
    assert done.stdout.count("Finished at 5") == 1


CONFIG = """compute_environment: LOCAL_MACHINE
distributed_type: MULTI_CPU
num_machines: 1
num_processes: 2
use_cpu: true
mixed_precision: bf16
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        (["--cpu", "--num_processes", "2"], "auto"),
        (["--config_file", "accelerate.yaml"], "bf16"),
    ],
)
def test_accelerate_on_a_cpu_trains_one_embedding_in_one_process(home, cat, flags, precision):
    (home / "accelerate.yaml").write_text(CONFIG)
    (home / "one.json").write_text(settings(cat).to_json())
    done = launch("accelerate.commands.launch", *flags, of="one.json")
    assert (done.stdout + done.stderr).count("starts one process on a CPU") == 1
    assert done.stdout.count("Finished at 4") == 1
    (kept,) = (home / "runs").glob("*/*/settings.json")
    assert json.loads(kept.read_text())["precision"] == precision


def test_more_processes_than_gpus_are_refused_in_one_sentence(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(TrainingError, match="2 processes were started for 1 GPU; start one for"):
        join_process_group()
