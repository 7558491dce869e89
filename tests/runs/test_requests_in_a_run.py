"""What a run is asked for between its steps: a stop, a save, a picture."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cats import losses, make_cat, run, settings
from textual_inversion.embeddings import formats
from textual_inversion.errors import TrainingError
from textual_inversion.events import Finished, Previewed, Saved, Started, Stepped, Warned
from textual_inversion.runs import requests as control_module
from textual_inversion.runs.folder import is_running, running_folders, working_in
from textual_inversion.runs.requests import Control, leave_request
from textual_inversion.training.chores import previews
from textual_inversion.training.chores.saving import Checkpoints
from textual_inversion.training.run import train


def train_asking(cat, wishes, **changes):
    """Train, and ask for each wish after the step it stands at."""
    control, events = Control(), []
    for event in train(settings(cat, **changes), control):
        events.append(event)
        if isinstance(event, Stepped) and event.step in wishes:
            control.ask(wishes[event.step])
    return events


@pytest.mark.slow
def test_saving_and_drawing_on_request_carry_the_right_step(home, cat):
    events = train_asking(cat, {1: "save", 2: "sample"})
    saved = [(e.step, e.kind) for e in events if isinstance(e, Saved) and e.step < 4]
    assert saved == [(1, "checkpoint"), (1, "snapshot"), (1, "embedding"), (2, "image embedding")]
    assert [e.step for e in events if isinstance(e, Previewed)] == [2]
    (folder,) = (home / "runs").glob("*/cat-x")
    assert formats.read(folder / "embeddings" / "cat-x-1.pt").step == 1
    assert formats.read(folder / "image_embeddings" / "cat-x-2.png").step == 2


@pytest.mark.slow
def test_what_is_asked_for_does_not_change_the_losses(home, cat):
    asked = losses(train_asking(cat, {1: "save", 2: "sample", 3: "save"}))
    make_cat(cat["model"])
    assert losses(run(cat, resume="never")) == asked


def test_a_stop_from_another_process_is_heard(home, cat, monkeypatch):
    monkeypatch.setattr(control_module, "LOOK_EVERY_SECONDS", 0)
    events = []
    for event in train(settings(cat), Control()):
        events.append(event)
        if isinstance(event, Stepped):
            (folder,) = running_folders(home / "runs")
            leave_request(folder, "stop")
    assert (events[-1].step, events[-1].reason) == (1, "stopped")
    assert not is_running(folder)


@pytest.mark.slow
def test_a_run_folder_takes_one_run_at_a_time(home, cat):
    started = next(e for e in run(cat, max_steps=2) if isinstance(e, Started))
    with (
        working_in(Path(started.folder)),
        pytest.raises(TrainingError, match="A training runs in"),
    ):
        run(cat, max_steps=3)


@pytest.mark.slow
@pytest.mark.parametrize(("beside", "prompt"), [("start", "a <cat-x>"), ("removed", "a")])
def test_the_pictures_without_the_embedding_are_drawn_once(home, cat, beside, prompt):
    chosen = {"save_image_every": 2, "preview_prompt": "a [name]", "preview_beside": beside}
    seen = [e for e in run(cat, **chosen) if isinstance(e, Previewed)]
    assert [(e.step, e.prompt) for e in seen if e.without] == [(2, prompt)]
    assert [e.step for e in seen if not e.without] == [2, 4]
    again = [e for e in run(cat, max_steps=6, **chosen) if isinstance(e, Previewed)]
    assert [e.without for e in again] == [False]


@pytest.mark.slow
def test_a_preview_that_fails_does_not_fail_the_run(home, cat, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(previews, "sample", broken)
    events = run(cat, save_image_every=4)
    warned = [e.message for e in events if isinstance(e, Warned)]
    assert warned == ["The preview at step 4 could not be drawn: no luck."]
    assert isinstance(events[-1], Finished)


def test_vectors_that_are_no_numbers_are_never_kept_as_a_checkpoint():
    broken = SimpleNamespace(learner=SimpleNamespace(is_finite=False))
    assert list(Checkpoints(broken, 1, None).run(3)) == []
