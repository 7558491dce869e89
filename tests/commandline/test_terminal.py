import io
import json

import pytest

from commandline.terminal import Printer
from textual_inversion.events import (
    Evaluated,
    Finished,
    Progressed,
    Sampled,
    Saved,
    Started,
    to_dict,
)
from textual_inversion.runs.state import Run
from webui.views.status import sentence


def printed(*events, kind="train"):
    out = io.StringIO()
    printer = Printer(out, kind=kind)
    for event in events:
        printer.show(event)
    return out.getvalue().splitlines()


def test_the_end_says_which_vectors_were_best():
    read = [Evaluated(10, 0.5, 1, 1, 1), Evaluated(20, 0.25, 1, 1, 1), Evaluated(30, 0.4, 1, 1, 1)]
    end = [Saved(30, "best", "runs/cat-best.pt"), Finished(30, "finished", "embeddings/cat.pt")]
    assert printed(*read, *end) == [
        "Finished at 30: embeddings/cat.pt",
        "Best: step 20, fixed-batch loss 0.2500: runs/cat-best.pt",
    ]


def test_without_evaluations_there_is_no_best():
    assert printed(Finished(30, "stopped", "cat.pt")) == ["Stopped at 30: cat.pt"]


def test_the_end_is_told_by_the_word_for_its_state():
    for state in ("finished", "converged", "stopped"):
        run = Run(kind="train")
        run.apply(Finished(30, state, "cat.pt"))
        assert run.state == state
        assert printed(Finished(30, state, "cat.pt")) == [f"{state.capitalize()} at 30: cat.pt"]
        assert sentence(run, idle="").startswith(state.capitalize())


def test_the_best_of_an_earlier_sitting_is_still_the_best(tmp_path):
    past = [Started("cat", 0, 9), Evaluated(5, 0.1, 1, 1, 1), Finished(6, "stopped")]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(to_dict(e)) + "\n" for e in past))
    again = [Started("cat", 6, 9, str(tmp_path)), Evaluated(7, 0.3, 1, 1, 1)]
    end = [Saved(9, "best", "cat-best.pt"), Finished(9, "finished", "cat.pt")]
    assert printed(*again, *end)[-1] == "Best: step 5, fixed-batch loss 0.1000: cat-best.pt"


@pytest.mark.parametrize(
    ("kind", "events", "line"),
    [
        (
            "preprocess",
            [
                *(Progressed(k, 5, f"b/{k}.png", f"a/{k}.png", 2) for k in range(1, 6)),
                Finished(10, "finished", "b"),
            ],
            "Finished: 5 pictures, 10 files in b",
        ),
        (
            "preprocess",
            [Progressed(1, 5, "b/1.png", "a/1.png"), Finished(1, "stopped", "b")],
            "Stopped: 1 of 5 pictures, 1 file in b",
        ),
        (
            "generate",
            [Sampled(20, 20), Progressed(1, 1, "o/0.png"), Finished(20, "finished", "o")],
            "Finished: 1 picture in o",
        ),
        (
            "generate",
            [Sampled(7, 20), Finished(7, "stopped")],
            "Stopped at 7 of 20 sampling steps; no picture was written",
        ),
        ("train", [Finished(7, "stopped")], "Stopped at 7"),
    ],
)
def test_the_end_says_what_was_made(kind, events, line):
    assert printed(Started("x", 0, 5), *events, kind=kind)[-1] == line
