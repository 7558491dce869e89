"""A sweep on a Ray cluster of two nodes on this machine, one of which is killed on the way."""

import json
import os
import signal
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from commandline.main import main
from textual_inversion.embeddings import formats
from textual_inversion.events import Finished, Started, Stepped
from textual_inversion.runs.state import read_run
from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.grouping import Group

pytest.importorskip("ray", reason="The Ray cluster's tests need Ray: pip install ray.")
from textual_inversion.sweeps.engines import ray_session

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
STEPS = 40
# A node counts as dead sooner than by default, and a busy machine is waited for.
CONFIG = {"health_check_period_ms": 500, "health_check_failure_threshold": 8}
CONFIG |= {"agent_register_timeout_ms": 120_000}
SMALL = ["--max-steps", str(STEPS), "--batch-size", "1", "--save-image-every", "0"]
SMALL += ["--save-embedding-every", "0", "--evaluate-every", "10", "--checkpoint-every", "3"]
HALVING = ["--max-steps", "6", "--evaluate-every", "2", "--checkpoint-every", "0"]
HALVING += ["--reduction-factor", "2", "--grace-period", "2", "--rank", "order"]
# Names of this home, which no node has.
HALVING += ["--model", "models/tiny", "--tokenizer", "models/tiny/tokenizer"]
OVER = ["--over", "learning_rate=auto,0.005", "seed=0,1", "--dataset-dir", "pictures"]


@pytest.fixture(scope="module")
def cluster():
    """Two nodes with a core each."""
    import ray
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        patched.setenv("RAY_USAGE_STATS_ENABLED", "0")
        nodes = {"num_cpus": 1, "object_store_memory": 100 * 1024**2}
        made = Cluster(
            initialize_head=True,
            head_node_args={**nodes, "include_dashboard": False, "_system_config": CONFIG},
        )
        made.second = made.add_node(**nodes)
        made.wait_for_nodes()
        yield made
        ray.shutdown()
        made.shutdown()


@contextmanager
def watched(when):
    """Call `when` with each event of a sweep; give the list of the events."""
    from textual_inversion.sweeps import job

    whole, events = job.train_plan, []

    def train_plan(*given):
        for each in whole(*given):
            events.append(each)
            when(each)
            yield each

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(job, "train_plan", train_plan)
        yield events


def vectors(home, name):
    folder = home / "embeddings" / f"{name}-sweep"
    return [formats.read(path).vectors[0] for path in sorted(folder.glob("*.pt"))]


def assert_same(home, ours, theirs):
    pairs = list(zip(vectors(home, ours), vectors(home, theirs), strict=True))
    assert len(pairs) == 4
    for mine, expected in pairs:
        torch.testing.assert_close(mine, expected, rtol=0, atol=1e-5)


def states(capsys):
    return [run["state"] for run in json.loads(capsys.readouterr().out)]


def test_a_sweep_survives_the_loss_of_a_node(home, pictures, cluster, capsys):
    steps = {}

    def kill(each):
        if isinstance(each.event, Stepped):
            steps[each.run] = each.event.step
        if cluster.second and len(steps) == 4 and min(steps.values()) >= 4:
            cluster.remove_node(cluster.second, allow_graceful=False)
            cluster.second = None

    command = [*OVER, *SMALL, "--json"]
    with watched(kill) as events:
        flags = ["--engine", "ray", "--address", cluster.address]
        assert main(["sweep", "far-x", *command, *flags]) == 0
    assert states(capsys) == ["finished"] * 4
    ends = Counter(each.run for each in events if isinstance(each.event, Finished))
    assert sorted(ends.values()) == [1, 1, 1, 1]
    starts = [each.event.step for each in events if isinstance(each.event, Started)]
    assert (starts.count(0), len(starts)) == (4, 6)  # two went on from a checkpoint
    assert main(["sweep", "near-x", *command]) == 0
    assert_same(home, "far-x", "near-x")


def test_what_comes_back_is_as_if_it_was_trained_here(home, pictures, cluster, capsys):
    flags = ["--engine", "ray", "--address", cluster.address, "--max-steps", "3"]
    assert main(["sweep", "cat-x", *OVER, *SMALL, *flags, "--samples", "1", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    folder = Path(run["folder"])
    logged = read_run(folder)
    assert (logged.state, logged.folder) == ("finished", run["folder"])
    assert logged.result == "embeddings/cat-x-sweep/cat-x-run1.pt"
    stored = json.loads((folder / "settings.json").read_text())
    assert stored["dataset_dir"] == "pictures"
    assert not list(folder.rglob("*.part"))
    assert (folder / "checkpoints" / "cat-x-run1-3.ckpt").is_file()


def test_early_stopping_ends_as_it_does_here(home, pictures, stacks, cluster, capsys, monkeypatch):
    (home / "models" / "tiny").symlink_to(stacks["sd1"])
    opened, ends, connect = [], [], ray_session._connect
    monkeypatch.setattr(
        ray_session, "_connect", lambda address: opened.append(address) or connect(address)
    )
    there = ["--engine", "ray", "--address", cluster.address]
    for name, flags in (("near-x", []), ("far-x", there)):
        assert main(["sweep", name, *OVER, *SMALL, *HALVING, *flags, "--json"]) == 0
        runs = json.loads(capsys.readouterr().out)
        ends.append([(run["state"], run["step"], round(run["loss"], 4)) for run in runs])
    assert ends[0] == ends[1]
    assert sorted(step for _, step, _ in ends[0]) == [2, 2, 4, 6]
    assert opened == [cluster.address]  # all three stages
    assert_same(home, "far-x", "near-x")


def test_sigterm_saves_and_the_same_command_goes_on(home, pictures, cluster, capsys):
    asked = []

    def stop(each):
        if isinstance(each.event, Started) and not asked:
            asked.append(signal.raise_signal(signal.SIGTERM))

    flags = ["--engine", "ray", "--address", cluster.address, "--json", "--runs-at-once", "1"]
    command = ["sweep", "cat-x", *OVER, *SMALL, *flags, "--samples", "2"]
    with watched(stop):
        assert main(command) == 75
    found = states(capsys)
    assert {"stopped"} <= {*found} <= {"stopped", "waiting"}
    with watched(lambda _: None) as events:
        assert main(command) == 0
    assert states(capsys) == ["finished"] * 2
    starts = [each.event.step for each in events if isinstance(each.event, Started)]
    assert sum(step > 0 for step in starts) == found.count("stopped")


@pytest.mark.parametrize(
    ("sizes", "at_once", "places", "batches"),
    [
        ((8,), 8, 1, [8]),
        ((8,), 8, 8, [1] * 8),
        ((20,), 8, 2, [8, 8, 4]),
        ((5, 3), 8, 2, [4, 1, 3]),
        ((1,), 8, 0, [1]),
    ],
)
def test_all_places_have_work_before_batches_grow(sizes, at_once, places, batches):
    from textual_inversion.sweeps.engines.ray_cluster import _batches

    names = iter(range(100))
    groups = [
        Group(
            tuple(
                TrainSettings.build({"embedding": f"x-{next(names)}", "dataset_dir": "pictures"})
                for _ in range(size)
            )
        )
        for size in sizes
    ]
    assert [len(batch.runs) for batch in _batches(groups, at_once, places)] == batches


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ray://127.0.0.1:1", "start ti on one of the cluster's machines"),
        ("127.0.0.1:1", "Ray cannot be reached at 127.0.0.1:1: "),
    ],
)
def test_a_cluster_that_cannot_be_used_is_one_sentence(home, pictures, capsys, address, words):
    assert main(["sweep", "cat-x", *OVER, "--engine", "ray", "--address", address]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
