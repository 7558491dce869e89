"""`ti train run.json`: begun in a bare folder, taken away, and gone on with."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from commandline.main import main
from textual_inversion.embeddings import formats
from textual_inversion.events import Finished, from_dict

STOPS = [getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name)]


@pytest.fixture
def job(tmp_path, pictures, stacks):
    """Write a job's file into a bare folder; give a way to make such folders."""

    def make(name, **changes):
        folder = tmp_path / name
        folder.mkdir()
        chosen = {
            "embedding": "cat-x",
            "dataset_dir": str(pictures),
            "model": str(stacks["sd1"]),
            "initialization_text": "red cat",
            "num_vectors": 2,
            "batch_size": 2,
            "max_steps": 6,
            "save_image_every": 0,
        }
        (folder / "run.json").write_text(json.dumps({**chosen, **changes}))
        return folder

    return make


def learned(folder):
    return formats.read(folder / "embeddings" / "cat-x.pt")


@pytest.mark.slow
def test_a_file_creates_its_embedding_and_trains_it(job, monkeypatch):
    monkeypatch.chdir(job("bare"))
    assert main(["train", "run.json", "--max-steps", "2"]) == 0
    made = learned(Path())
    assert (made.step, made.num_vectors, made.initialization_text) == (2, 2, "red cat")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no TERM")
@pytest.mark.parametrize("how", STOPS)
def test_a_job_that_is_taken_away_goes_on_exactly(job, how, monkeypatch):
    whole, broken = job("whole", max_steps=400), job("broken", max_steps=400)
    argv = [sys.executable, "-m", "textual_inversion", "train", "run.json", "--events", "json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env, cwd=broken) as process:
        next(line for line in process.stdout if '"stepped"' in line)
        process.send_signal(how)
        rest = process.stdout.read()
    assert process.returncode == 75
    stopped = from_dict(json.loads(rest.splitlines()[-1]))
    assert isinstance(stopped, Finished)
    assert learned(broken).step == stopped.step < 400
    for folder in (broken, whole):
        monkeypatch.chdir(folder)
        assert main(["train", "run.json", "--max-steps", str(stopped.step + 3)]) == 0
    assert torch.equal(learned(broken).vectors[0], learned(whole).vectors[0])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["gone.json"], "Settings file gone.json cannot be read"),
        (["bad.json"], "Settings file bad.json is not JSON"),
        (["odd.json", "--settings", "bad.json"], "are two files of settings; leave one of them"),
        (["odd.json"], "colour is no setting here"),
    ],
)
def test_a_bad_file_is_one_sentence(home, capsys, argv, words):
    (home / "bad.json").write_text("{")
    odd = {"embedding": "cat", "dataset_dir": "pictures", "colour": "red"}
    (home / "odd.json").write_text(json.dumps(odd))
    assert main(["train", *argv]) == 2
    assert words in capsys.readouterr().err
