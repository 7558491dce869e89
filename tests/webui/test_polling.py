"""A poll sends what has changed, and nothing else."""

import gradio as gr
import pytest

from textual_inversion.events import Finished, Started, Stepped
from textual_inversion.runs.state import Run
from webui.polling import Group, Live, Part, Watched, start_button


class FakeRunner:
    """Stands in for Runner where only looking matters."""

    def __init__(self):
        self.current = self.before = None

    def run(self, kind):
        return self.current if kind == "train" else None

    def begun(self, kind):
        return self.before


@pytest.fixture
def runner():
    return FakeRunner()


@pytest.fixture
def live(runner):
    with gr.Blocks():
        text = Part("train", gr.HTML(), lambda run: f"step {run.step}" if run else "idle")
        return Group(runner, [text, start_button("train", gr.Button())])


def run_at(*events):
    run = Run(kind="train")
    for event in events:
        run.apply(event)
    return run


def test_a_fresh_page_is_drawn_whole(live):
    text, button, seen, _ = live.draw({})
    assert (text, button["interactive"]) == ("idle", True)
    assert set(seen) == {"0", "1"}


def test_nothing_is_sent_twice(live):
    *_, seen, _ = live.draw({})
    assert live.draw(seen) == [gr.skip(), gr.skip(), gr.skip(), live.state]


def test_the_state_changes_with_what_a_part_shows(live, runner):
    runner.current = run_at(Started("cat", 0, 9))
    *_, drawn = live.draw({})
    assert drawn == live.state
    runner.current.apply(Stepped(1, 9, 0.1, 0.1, 0.1))
    assert drawn != live.state


def test_a_step_is_drawn_by_the_answer_and_is_no_news_to_a_group(runner):
    with gr.Blocks():
        live = Live(runner)
        steps = Part("train", gr.HTML(elem_id="steps"), lambda run: f"step {run.step}")
        live.listen([steps, start_button("train", gr.Button())], [])
    runner.current = run_at(Started("cat", 0, 9))
    before = live.look({"steps": ""}, "a")
    ((state, html),) = before["html"].values()
    runner.current.apply(Stepped(1, 9, 0.1, 0.1, 0.1))
    after = live.look({"steps": state}, "a")
    assert (html, after["html"]["steps"][1]) == ("step 0", "step 1")
    assert after["groups"] == before["groups"]


def test_what_a_page_has_not_opened_or_has_drawn_is_not_sent(runner):
    with gr.Blocks():
        live = Live(runner)
        live.listen([Part("train", gr.HTML(elem_id="steps"), lambda _: "idle")], [])
    (state, html) = live.look({"steps": ""}, "a")["html"]["steps"]
    assert html == "idle"
    assert live.look({"steps": state}, "a")["html"] == live.look({}, "a")["html"] == {}


def test_many_open_pages_look_less_often_each(runner, monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: now)
    with gr.Blocks():
        live = Live(runner)
    now = 0
    waits = [live.look({}, f"page {number}")["wait"] for number in range(8)]
    assert waits == [1, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert live.look({}, "page 0")["wait"] == 4
    now = 60  # seven were closed
    assert live.look({}, "page 0")["wait"] == 1


@pytest.mark.slow
def test_a_step_is_sent_but_not_the_button_again(live, runner):
    runner.current = run_at(Started("cat", 0, 9))
    *_, seen, _ = live.draw({})
    runner.current.apply(Stepped(1, 9, 0.1, 0.1, 0.1))
    assert live.draw(seen)[:2] == ["step 1", gr.skip()]


def test_the_end_of_a_run_frees_the_button(live, runner):
    runner.current = run_at(Started("cat", 0, 9))
    _, button, seen, _ = live.draw({})
    assert button["interactive"] is False
    runner.current.apply(Finished(9, "finished"))
    assert live.draw(seen)[1]["interactive"] is True


@pytest.mark.slow
def test_another_run_is_drawn_even_where_all_marks_agree(live, runner):
    runner.current = run_at(Started("cat", 0, 9))
    *_, seen, _ = live.draw({})
    runner.current = run_at(Started("dog", 3, 9))
    assert live.draw(seen)[0] == "step 3"


@pytest.mark.slow
def test_what_two_pages_ask_for_is_drawn_once(runner):
    drawn = []
    with gr.Blocks():
        live = Group(runner, [Part("train", gr.HTML(), lambda run: drawn.append(run) or "x")])
    assert [live.draw({})[0], live.draw({})[0]] == ["x", "x"]
    assert len(drawn) == 1


def test_what_is_no_job_is_drawn_when_its_mark_changes(runner):
    marks, drawn = ["a"], []
    with gr.Blocks():
        watched = Watched(gr.HTML(), lambda: drawn.append(1) or len(drawn), lambda: marks[-1])
        live = Group(runner, [watched])
    first, seen, _ = live.draw({})
    assert (first, live.draw(seen)[0]) == (1, gr.skip())
    marks.append("b")
    assert live.draw(seen)[0] == 2


@pytest.mark.slow
def test_a_mark_survives_the_rounding_of_a_browsers_numbers(runner):
    with gr.Blocks():
        live = Group(runner, [Watched(gr.HTML(), lambda: "drawn", lambda: 2**63 - 1)])
    *_, seen, _ = live.draw(None)
    rounded = {key: float(mark) if isinstance(mark, int) else mark for key, mark in seen.items()}
    assert live.draw(rounded)[0] == gr.skip()


@pytest.mark.slow
def test_a_failed_start_leaves_what_the_run_before_has_drawn(runner):
    with gr.Blocks():
        steps = Part("train", gr.HTML(), lambda run: f"step {run.step}", of_begun=True)
        live = Group(runner, [steps])
    runner.current = runner.before = run_at(Started("cat", 0, 9), Stepped(3, 9, 0.1, 0.1, 0.1))
    drawn, seen, _ = live.draw({})
    runner.current = run_at()
    assert (drawn, live.draw(seen)[:2]) == ("step 3", [gr.skip(), gr.skip()])
