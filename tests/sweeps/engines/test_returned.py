"""What comes back from a node lies where a training here would have put it."""

import json

import pytest

from textual_inversion.events import Finished, Saved, Started, to_dict
from textual_inversion.runs.folder import is_running
from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.engines.files import File
from textual_inversion.sweeps.engines.messages import Parcel
from textual_inversion.sweeps.engines.returned import Returned

THERE = "runs/2026-01-02/cat-x"
RUN = TrainSettings.build({"embedding": "cat-x", "dataset_dir": "pictures", "log_dir": "logs"})
STARTED = Started("cat-x", 0, 4, THERE)


@pytest.fixture
def returned(home):
    made = Returned({})
    yield made
    made.close()


def parcel(folder=THERE, **files):
    made = {
        "settings.json": b'{"log_dir": "runs"}',
        "events.jsonl": json.dumps(to_dict(STARTED)).encode() + b"\n",
        **{name.replace("__", "/"): data for name, data in files.items()},
    }
    below = tuple(File(f"{folder}/{name}", data, 1) for name, data in made.items())
    vectors = File("embeddings/mine/cat-x.pt", b"vectors", 2)
    return Parcel("cat-x", folder, (*below, vectors), frozenset(made))


def test_a_run_folder_and_an_embedding_come_home(returned, home):
    returned.take(RUN, parcel(checkpoints__one=b"state"))
    (folder,) = (home / "logs").glob("*/cat-x")
    assert (folder / "checkpoints" / "one").read_bytes() == b"state"
    assert json.loads((folder / "settings.json").read_text()) == json.loads(RUN.to_json())
    shown = json.loads((folder / "events.jsonl").read_text())["folder"]
    assert (home / shown) == folder
    saved = home / "embeddings" / "mine" / "cat-x.pt"
    assert (saved.read_bytes(), saved.stat().st_mtime_ns) == (b"vectors", 2)


def test_events_name_the_paths_of_this_machine(returned, home):
    returned.take(RUN, parcel())
    here = returned.event_here("cat-x", STARTED).folder
    assert here.startswith("logs/")
    saved = Saved(1, "checkpoint", f"{THERE}/checkpoints/one")
    assert returned.event_here("cat-x", saved).path == f"{here}/checkpoints/one"
    ended = Finished(4, "finished", "embeddings/mine/cat-x.pt")
    assert returned.event_here("cat-x", ended) == ended


def test_a_run_is_shown_as_running_until_it_is_left(returned, home):
    returned.take(RUN, parcel())
    (folder,) = (home / "logs").glob("*/cat-x")
    assert is_running(folder)
    returned.leave("cat-x")
    assert not is_running(folder)


def test_what_the_node_has_dropped_is_dropped_here(returned, home):
    returned.take(RUN, parcel(checkpoints__one=b"1"))
    returned.take(RUN, parcel(checkpoints__two=b"2"))
    assert [path.name for path in (home / "logs").glob("*/*/checkpoints/*")] == ["two"]


def test_a_run_that_begins_again_before_a_checkpoint_keeps_its_folder(returned, home):
    returned.take(RUN, parcel(images__old=b"1"))
    returned.take(RUN, parcel(folder="runs/2026-01-03/cat-x"))
    (folder,) = (home / "logs").glob("*/cat-x*")
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        *("events.jsonl", "running.lock", "settings.json")
    ]


def test_a_run_goes_on_from_what_is_here(returned, home):
    returned.take(RUN, parcel(**{"checkpoints__cat-x-2.ckpt": b"state"}))
    returned.close()
    (folder,) = (home / "logs").glob("*/cat-x")
    again = Returned({"cat-x": folder})
    sent = {file.path: file.data for file in again.files_of(RUN)}
    (there,) = {path.rpartition("/checkpoints")[0] for path in sent if "/checkpoints/" in path}
    assert sent[f"{there}/checkpoints/cat-x-2.ckpt"] == b"state"
    assert f"{there}/running.lock" not in sent
    again.take(RUN, parcel(folder=there, **{"checkpoints__cat-x-4.ckpt": b"more"}))
    again.close()
    assert [path.name for path in (home / "logs").glob("*/*/checkpoints/*")] == ["cat-x-4.ckpt"]
