"""`ti sweep` and `ti batch`, from the command line to the table at the end."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import torch

from commandline.main import main
from textual_inversion.embeddings import formats
from textual_inversion.events import Stepped
from textual_inversion.runs.requests import Control

QUIET = ["--save-image-every", "0", "--save-embedding-every", "0", "--checkpoint-every", "2"]


@pytest.fixture
def flags(home, pictures, stacks):
    small = ["--dataset-dir", "pictures", "--max-steps", "4", "--batch-size", "2"]
    return ["--model", str(stacks["sd1"]), "--evaluate-every", "2", *small, *QUIET]


@contextmanager
def stopped_at(step):
    """Stop at a step of the first runs, as a signal does."""
    from commandline.commands.training import sweep
    from textual_inversion.sweeps import job

    control, whole = Control(), job.train_plan

    def train_plan(plan, record, _):
        for each in whole(plan, record, control):
            if isinstance(each.event, Stepped) and each.event.step == step:
                control.ask("stop")
            yield each

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sweep, "interruptible", lambda *_: control)
        patched.setattr(job, "train_plan", train_plan)
        yield


def vectors(folder):
    return {path.stem: formats.read(path).vectors[0] for path in folder.glob("*.pt")}


def assert_as_unbroken(home):
    """Compare the runs of the sweep cat-x with those of whole-x."""
    whole, broken = (vectors(home / "embeddings" / f"{name}-x-sweep") for name in ("whole", "cat"))
    for number in range(1, 5):
        ours, expected = broken[f"cat-x-run{number}"], whole[f"whole-x-run{number}"]
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-6)


def said(capsys):
    return json.loads(capsys.readouterr().out)


OVER = ["--over", "learning_rate=auto,0.005", "seed=0,1"]


@pytest.mark.slow
def test_a_sweep_trains_each_combination_and_ranks_them(home, flags, capsys):
    assert main(["sweep", "cat-x", *OVER, *flags, "--num-vectors", "2"]) == 0
    out = capsys.readouterr().out
    assert "Note: All 4 runs share the passes of one base model." in out
    titles, *rows = [line.split() for line in out.splitlines()[-5:]]
    assert titles == ["RUN", "learning_rate", "seed", "STATE", "STEP", "LOSS", "AT", "FOLDER"]
    assert {row[3] for row in rows} == {"finished"}
    losses = [float(row[5]) for row in rows]
    assert losses == sorted(losses)
    learned = vectors(home / "embeddings" / "cat-x-sweep")
    assert {name: len(v) for name, v in learned.items()} == {
        f"cat-x-run{n}": 2 for n in range(1, 5)
    }
    assert main(["inspect", "cat-x-run3"]) == 0


@pytest.mark.slow
def test_the_same_command_goes_on_where_it_was_interrupted(home, flags, capsys):
    assert main(["sweep", "whole-x", *OVER, *flags]) == 0
    capsys.readouterr()
    command = ["sweep", "cat-x", *OVER, *flags, "--json", "--runs-at-once", "2"]
    with stopped_at(3):
        assert main(command) == 130
    states = [run["state"] for run in said(capsys)]
    assert sorted(states) == ["stopped", "stopped", "waiting", "waiting"]
    assert main(command) == 0
    assert {run["state"] for run in said(capsys)} == {"finished"}
    assert_as_unbroken(home)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no TERM")
@pytest.mark.parametrize(("how", "code"), [("SIGKILL", -9), ("SIGTERM", 75)])
def test_a_sweep_whose_process_is_ended_goes_on_exactly(home, flags, capsys, how, code):
    longer = [*OVER, *flags, "--max-steps", "20"]
    assert main(["sweep", "whole-x", *longer]) == 0
    command = ["sweep", "cat-x", *longer, "--runs-at-once", "3", "--events", "json"]
    argv = [sys.executable, "-m", "textual_inversion", *command]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env) as process:
        next(line for line in process.stdout if '"stepped", "step": 3' in line)
        process.send_signal(getattr(signal, how))
        process.stdout.read()
    assert process.returncode == code
    assert main(command) == 0
    assert_as_unbroken(home)


@pytest.mark.slow
def test_what_has_ended_is_not_trained_again(home, flags, capsys):
    command = ["sweep", "cat-x", "--over", "seed=0,1", *flags, "--json"]
    assert main(command) == 0
    first = said(capsys)
    assert main(command) == 0
    again = capsys.readouterr()
    assert json.loads(again.out) == first
    assert again.err == ""


@pytest.mark.slow
def test_a_table_of_concepts_trains_an_embedding_for_each_line(home, flags, capsys):
    at = flags.index("--dataset-dir")
    common = [*flags[:at], *flags[at + 2 :]]
    table = home / "pets.csv"
    table.write_text("embedding,dataset_dir,num_vectors\none-x,pictures,1\ntwo-x,pictures,3\n")
    assert main(["batch", "pets.csv", *common, "--json"]) == 0
    assert [(run["name"], run["state"]) for run in said(capsys)] == [
        ("one-x", "finished"),
        ("two-x", "finished"),
    ]
    learned = vectors(home / "embeddings")
    assert {name: len(rows) for name, rows in learned.items()} == {"one-x": 1, "two-x": 3}


@pytest.mark.slow
def test_a_sweep_of_other_values_is_another_sweep(home, flags, capsys):
    assert main(["sweep", "cat-x", "--over", "seed=0,1", *flags]) == 0
    capsys.readouterr()
    assert main(["sweep", "cat-x", "--over", "seed=0,1,2", *flags]) == 2
    assert capsys.readouterr().err.startswith('ti: "cat-x" was begun with other runs; give the')
    assert main(["sweep", "cat-x", "--over", "seed=0,1", *flags, "--max-steps", "9"]) == 2
    assert '"cat-x" was begun with max_steps 4; give the same' in capsys.readouterr().err


def test_a_name_that_is_taken_is_not_trained_over(home, flags, capsys):
    assert main(["create", "cat-x-run2", "--model", flags[1]]) == 0
    assert main(["sweep", "cat-x", "--over", "seed=0,1", *flags]) == 1
    assert 'There is already an embedding "cat-x-run2" at' in capsys.readouterr().err
    assert not (home / "runs" / "sweeps" / "cat-x.json").exists()


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["sweep", "cat-x", "--dataset-dir", "pictures"], 2, "over (--over) is missing; give the"),
        (["sweep", "cat-x", "--over", "seed=1"], 2, "dataset_dir (--dataset-dir) is missing"),
        (
            ["sweep", "cat-x", "--over", "sed=1", "--dataset-dir", "pictures"],
            2,
            "did you mean seed?",
        ),
        (
            ["sweep", "cat-x", "--over", "seed=1", "--dataset-dir", "gone"],
            1,
            "There is no folder gone",
        ),
        (["batch"], 2, "concepts is missing; give a CSV file"),
        (["batch", "gone.csv"], 2, "gone.csv cannot be read"),
    ],
)
def test_bad_input_is_one_sentence_and_a_code(home, capsys, argv, code, words):
    assert main(argv) == code
    said = capsys.readouterr().err
    assert said.startswith("ti: ")
    assert said.count("\n") == 1
    assert words in said


@pytest.mark.slow
def test_what_cannot_share_a_pass_is_trained_in_groups_and_why_is_said(home, flags, capsys):
    over = ["--over", "precision=fp32,bf16", "seed=0,1"]
    assert main(["sweep", "cat-x", *over, *flags]) == 0
    out = capsys.readouterr().out
    (note,) = [line for line in out.splitlines() if "groups" in line]
    assert "because runs that differ in precision cannot share a pass" in note
    assert note.endswith(": 2 with precision fp32; 2 with precision bf16.")
    assert [line.split()[3] for line in out.splitlines()[-4:]] == ["finished"] * 4
