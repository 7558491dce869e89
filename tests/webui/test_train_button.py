"""How far it is from the Train button to the loss, and from an event back to the page."""

import inspect
import sys
import threading
from pathlib import Path
from typing import get_args

import pytest

from tests.cats import settings
from textual_inversion.events import Event, Finished, Previewed, Saved
from textual_inversion.jobs.runner import Runner
from textual_inversion.training.optimization import losses

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(f"{ROOT / name}/" for name in ("webui", "textual_inversion"))
MOST_CALLS = 10
MOST_GENERATORS = 5


def own_frames():
    """List the code of our own functions that are at work in this thread, the outermost first."""
    frame, found = sys._getframe(1), []
    while frame:
        if frame.f_code.co_filename.startswith(OURS):
            found.append(frame.f_code)
        frame = frame.f_back
    return found[::-1]


def names(frames):
    return [code.co_qualname for code in frames]


@pytest.fixture
def press():
    """Build the page; press its Train button with settings, and wait for the end of the run."""
    from webui.page import build
    from webui.tabs import train

    runner, drawn = Runner(), []
    draw = train.draw
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(train, "draw", lambda *a: drawn.append(draw(*a)) or drawn[0])
        page = build(runner)
    ids = {block._id: block.elem_id for block in page.blocks.values()}
    (button,) = (
        event
        for event in page.fns.values()
        if event.fn
        and any(ids.get(block) == "train-start-button" for block, _ in event.targets)
        and len(event.inputs) > 10
    )

    def start(chosen):
        shown = chosen.model_dump()
        paths = {control: path for path, control in drawn[0].form.by_path.items()}
        values = [shown[paths[control]] for control in drawn[0].form.controls]
        button.fn(*values, "continue", [])
        runner.join("train")
        return runner.run("train")

    return start


@pytest.mark.slow
def test_few_calls_lie_between_the_train_button_and_the_loss(home, cat, press, monkeypatch):
    begin, within, squared, start = [], [], losses.squared, threading.Thread.start

    def started(thread):
        if thread.name == "train":
            begin.append(own_frames())
        start(thread)

    def measured(*given):
        within.append(own_frames())
        return squared(*given)

    monkeypatch.setattr(threading.Thread, "start", started)
    monkeypatch.setattr(losses, "squared", measured)
    run = press(settings(cat, max_steps=2))
    assert (run.state, run.message, len(begin)) == ("finished", "Finished.", 1)
    handler, *way = [*begin[0], *max(within, key=len)]
    assert handler.co_filename.endswith("webui/train/question.py")
    assert {"Runner.start", "train", "Learner.step"} < set(names(way))
    assert len(way) <= MOST_CALLS, " > ".join(names(way))


@pytest.mark.slow
def test_an_event_passes_few_generators_on_its_way_back(home, cat, press, monkeypatch):
    passed = {}
    for kind in get_args(Event):
        made = kind.__init__

        def making(self, *args, _made=made, **more):
            frames = [c for c in own_frames() if c.co_flags & inspect.CO_GENERATOR]
            known = passed.setdefault(type(self), [])
            if len(frames) > len(known):
                known[:] = names(frames)
            _made(self, *args, **more)

        monkeypatch.setattr(kind, "__init__", making)
    often = {"evaluate_every": 1, "save_embedding_every": 1, "checkpoint_every": 1}
    chosen = {**often, "save_image_every": 2, "preview_beside": "start", "tag_dropout": 0.0}
    press(settings(cat, **chosen, convergence_window=4, learning_rate="1e-9:2", max_steps=9))
    run = press(settings(cat, **chosen, learning_rate="1e-9:2", max_steps=11))
    assert (run.state, run.message) == ("finished", "Finished.")
    assert {Saved, Previewed, Finished} < set(passed)
    longest = max(passed.values(), key=len)
    assert len(longest) <= MOST_GENERATORS, " > ".join(longest)
