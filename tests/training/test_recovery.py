"""A process that dies between a checkpoint and what comes after it leaves nothing out for good."""

import json
import shutil

import pytest

from tests.cats import losses, run, settings
from textual_inversion.embeddings import formats
from textual_inversion.events import Finished, Previewed, Saved, Warned
from textual_inversion.runs.folder import RunLog
from textual_inversion.runs.requests import Control
from textual_inversion.training.run import train

CHOSEN = {"save_image_every": 2, "save_embedding_every": 2, "checkpoint_every": 2}


def die_at_checkpoint(home, cat, monkeypatch, is_time, **changes):
    """Train, and go on in a copy of all files as they were right after a checkpoint."""
    after, seen = home.with_name(f"{home.name}-after"), []
    events = train(settings(cat, **CHOSEN, **changes), Control())
    for event in events:
        seen.append(event)
        if isinstance(event, Saved) and event.kind == "checkpoint" and is_time(seen):
            shutil.copytree(home, after)
            break
    events.close()
    monkeypatch.chdir(after)
    return after


def at_step(step):
    return lambda seen: seen[-1].step == step


def has_converged(seen):
    return any(isinstance(e, Warned) and e.message.startswith("Converged") for e in seen)


@pytest.mark.slow
def test_a_picture_that_was_due_is_drawn_when_the_run_goes_on(home, cat, monkeypatch):
    die_at_checkpoint(home, cat, monkeypatch, at_step(2))
    events = run(cat, **CHOSEN)
    assert [e.step for e in events if isinstance(e, Previewed)] == [2, 4]
    assert [e.step for e in events if isinstance(e, Saved) and e.kind == "snapshot"] == [2, 4]
    assert len(losses(events)) == 2


@pytest.mark.slow
def test_an_end_that_was_cut_off_is_brought_to_its_end(home, cat, monkeypatch):
    after = die_at_checkpoint(home, cat, monkeypatch, at_step(4))
    events = run(cat, **CHOSEN)
    assert losses(events) == []
    assert [e.step for e in events if isinstance(e, Previewed)] == [4]
    assert isinstance(events[-1], Finished)
    assert formats.read(after / "embeddings" / "cat-x.pt").step == 4


@pytest.mark.slow
@pytest.mark.parametrize("ends", [True, False])
def test_a_converged_run_that_was_cut_off_has_converged(home, cat, monkeypatch, ends):
    chosen = {"evaluate_every": 1, "convergence_window": 4, "learning_rate": "1e-9"}
    more = {**chosen, "max_steps": 14, "stop_when_converged": ends}
    die_at_checkpoint(home, cat, monkeypatch, has_converged, **more)
    events = run(cat, **CHOSEN, **more)
    assert events[-1].reason == ("converged" if ends else "finished")
    assert (losses(events) == []) is ends


def test_a_line_that_was_cut_short_does_not_swallow_the_next(tmp_path):
    (tmp_path / "events.jsonl").write_text('{"event": "step')
    with RunLog(tmp_path, start=0, steps_per_epoch=1) as log:
        log.keep(Finished(4, "finished"))
    torn, whole = (tmp_path / "events.jsonl").read_text().splitlines()
    assert torn == '{"event": "step'
    assert json.loads(whole)["event"] == "finished"
