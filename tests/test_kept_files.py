"""What an earlier version wrote is read by this one: the files in `tests/kept` are of ed0e011.

They were made there by a training of six steps on the model of `tiny.build`, killed after its
fifth; `expected.json` holds the losses and the vectors of the same training left alone.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from commandline.main import main, make_parser
from textual_inversion.embeddings import formats
from textual_inversion.events import Started, Stepped
from textual_inversion.jobs.queue import Queue
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings, read_settings_file
from textual_inversion.training.run import train

KEPT = Path(__file__).parent / "kept"
EXPECTED = json.loads((KEPT / "expected.json").read_text())
FLAGS = json.loads((KEPT / "flags.json").read_text())
UNLABELLED = {"diffusers", "learned_embeds"}
(RUN,) = (KEPT / "runs").glob("*/cat-x")


@pytest.fixture
def kept(home):
    """The working folder as the earlier version left it."""
    for name in ("runs", "embeddings"):
        shutil.copytree(KEPT / name, home / name, dirs_exist_ok=True)
    # A checkout forgets times: the embedding was made before the run.
    os.utime(home / "embeddings" / "cat-x.pt", (1, 1))
    return home


def test_a_kept_settings_file_says_what_was_chosen():
    stored = read_settings_file(RUN / "settings.json")
    settings = TrainSettings.build(stored)
    assert (settings.embedding, settings.learning_rate, settings.seed, settings.max_steps) == (
        "cat-x", "0.005:3, 0.001", 7, 6,
    )  # fmt: skip
    written = json.loads((RUN / "settings.json").read_text())
    assert len(written) > 70
    now = json.loads(settings.to_json())
    assert {name: now[name] for name in written} == written


@pytest.mark.slow
def test_a_kept_run_goes_on_as_if_nothing_had_happened(kept, pictures, stacks):
    (kept / "models" / "tiny").symlink_to(stacks["sd1"])
    settings = TrainSettings.build(read_settings_file(RUN / "settings.json"))
    events = list(train(settings, Control()))
    (started,) = [event for event in events if isinstance(event, Started)]
    assert (started.step, Path(started.folder).name) == (4, "cat-x")
    losses = [event.loss for event in events if isinstance(event, Stepped)]
    assert losses == pytest.approx(EXPECTED["losses"][4:], rel=1e-4)
    vectors = formats.read(kept / "embeddings" / "cat-x.pt").vectors[0]
    torch.testing.assert_close(vectors, torch.tensor(EXPECTED["vectors"]), rtol=1e-4, atol=1e-6)


def test_a_kept_run_is_listed(kept, capsys):
    assert main(["status", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["runs"]
    assert (row["name"], row["state"], row["step"], row["total"]) == ("cat-x", "killed", 5, 6)
    assert row["best"] == pytest.approx(1.168, abs=1e-3)


def test_a_kept_queue_waits_on(kept):
    (ticket,) = Queue().tickets()
    assert (ticket.state, ticket.name, ticket.problem) == ("waiting", "dog-x", "")
    assert ticket.settings.learning_rate == "0.01"


@pytest.mark.parametrize("path", sorted((KEPT / "formats").iterdir()), ids=lambda path: path.name)
def test_a_kept_embedding_has_its_vectors(path):
    expected = EXPECTED["sdxl"] if path.stem == "sdxl" else [EXPECTED["sd"]]
    found = formats.read(path)
    assert [tensor.tolist() for tensor in found.vectors] == expected
    # diffusers' layout has no room for the steps.
    assert found.step == (0 if path.stem in UNLABELLED else 5)


@pytest.mark.parametrize("command", list(FLAGS))
def test_every_kept_flag_is_accepted(command):
    parser = make_parser()._subparsers._group_actions[0].choices[command]
    known = {name for one in parser._actions for name in (*one.option_strings, one.dest)}
    assert [flag for flag in FLAGS[command] if flag not in known] == []
