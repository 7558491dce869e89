import json

import pytest

from textual_inversion.events import (
    Evaluated,
    Failed,
    Finished,
    Loading,
    Measured,
    Previewed,
    Progressed,
    Sampled,
    Started,
    Stepped,
    Warned,
    to_dict,
)
from textual_inversion.runs.state import Run, newest_run_folder, read_run


def folded(*events):
    run = Run(kind="train")
    for place, event in enumerate(events):
        run.apply(event, now=float(place))
    return run


def test_a_run_is_the_sum_of_its_events():
    run = folded(Started("cat", 0, 4, "f"), Stepped(1, 4, 0.5, 0.1, 1.0, "a"), Warned("w"))
    assert (run.state, run.step, run.total, run.losses) == ("running", 1, 4, [(1, 0.5, 0.1)])
    assert (run.warnings, run.caption, run.version) == (["w"], "a", 3)


def test_time_left_comes_from_this_sittings_steps():
    run = folded(Started("cat", 90, 100), Stepped(91, 100, 1, 1, 1), Stepped(92, 100, 1, 1, 1))
    assert (run.steps_per_second, run.seconds_left) == (1.0, 8.0)


def test_the_states_have_their_ends():
    started = Started("cat", 0, 4)
    assert folded(Loading("x")).state == "loading"
    assert folded(started, Finished(4, "finished", "p")).state == "finished"
    assert folded(started, Finished(2, "stopped")).state == "stopped"
    assert folded(started, Finished(2, "converged")).state == "converged"
    failed = folded(started, Failed(2, "because"))
    assert (failed.state, failed.message, failed.seconds_left) == ("failed", "because", None)


def test_a_run_that_goes_on_from_before_takes_back_what_it_said_after():
    run = folded(Warned("a"), Started("cat", 0, 9), Stepped(3, 9, 1.0, 1, 1), Warned("b"))
    run.apply(Stepped(6, 9, 1.0, 1, 1))
    run.apply(Warned("c"))
    run.apply(Warned("a"))
    run.apply(Started("cat", 3, 9))
    assert run.warnings == ["a", "b"]


def test_a_file_tells_the_time_left_by_its_own_seconds():
    run = Run(kind="train")
    for event in [Started("cat", 4, 10), Stepped(5, 10, 1, 1, 3.0), Stepped(6, 10, 1, 1, 4.0)]:
        run.apply(event)
    assert (run.steps_per_second, run.seconds_left) == (0.5, 8.0)


def test_a_slow_preview_does_not_make_the_time_left_jump():
    run, moment, told = Run(kind="train"), 0.0, []
    run.apply(Started("cat", 0, 2000), now=moment)
    for step in range(1, 1001):
        moment += 20.0 if step % 100 == 0 else 0.1  # a preview every hundred steps
        run.apply(Stepped(step, 2000, 1.0, 1.0, 0.0), now=moment)
        if step > 200:
            told.append((moment + run.seconds_left) / (9.9 * 20 + 20 * 20))
    assert 0.75 < min(told) <= max(told) < 1.25  # the end it foretells, of the true one


def at(run, moment, event):
    run.apply(event, now=moment)
    return run


def test_pictures_that_come_at_once_are_measured_from_the_start():
    run = at(Run(kind="preprocess"), 10.0, Started("in", 0, 4))
    assert at(run, 12.0, Progressed(1, 4)).steps_per_second == 0.5
    assert at(run, 12.1, Progressed(2, 4)).seconds_left == pytest.approx(2.1)


def test_what_is_loaded_before_the_first_picture_does_not_count():
    run = at(Run(kind="preprocess"), 10.0, Started("in", 0, 4))
    at(run, 11.0, Loading("BLIP"))
    assert at(run, 60.0, Progressed(1, 4)).steps_per_second is None
    assert at(run, 61.0, Progressed(2, 4)).steps_per_second == 1.0


def test_pictures_after_sampling_steps_have_a_speed_of_their_own():
    run = at(Run(kind="generate"), 10.0, Started("pictures", 0, 2))
    at(at(run, 11.0, Sampled(1, 2)), 12.0, Sampled(2, 2))
    assert at(run, 13.0, Progressed(1, 3)).steps_per_second is None
    assert at(run, 15.0, Progressed(2, 3)).steps_per_second == 0.5


def test_what_is_loaded_between_two_items_is_over_with_the_next():
    run = folded(Started("in", 0, 2), Loading("x"), Progressed(1, 2))
    assert (run.state, run.message) == ("running", "Running.")


def test_a_resumed_run_forgets_what_it_will_do_again():
    first = [Started("cat", 0, 9), *(Stepped(s, 9, float(s), 1, 1) for s in (1, 2, 3))]
    run = folded(*first, Previewed(3, "p", ""), Started("cat", 1, 9), Stepped(2, 9, 7.0, 1, 1))
    assert run.losses == [(1, 1.0, 1), (2, 7.0, 1)]
    assert run.previews == []


def test_a_run_on_disk_without_an_end_was_killed(tmp_path):
    lines = [Started("cat", 0, 9), Stepped(1, 9, 0.5, 0.1, 1)]
    text = "\n".join(json.dumps(to_dict(event)) for event in lines)
    (tmp_path / "events.jsonl").write_text(text + '\n{"event": "step')
    run = read_run(tmp_path)
    assert (run.state, run.step, run.losses) == ("killed", 1, [(1, 0.5, 0.1)])


def test_the_newest_run_folder_is_found(tmp_path):
    assert newest_run_folder(tmp_path) is None
    folder = tmp_path / "2026-01-01" / "cat"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text("")
    assert newest_run_folder(tmp_path) == folder


def test_of_many_measures_those_that_changed_a_word_are_kept_and_the_newest():
    run = Run(kind="train")
    for step, word in enumerate(["cat", "cat", "cat", "dog", "dog", "dog", "dog"]):
        run.apply(Measured(step, (1.0,), 1.0, (word,), (1.0,), (0.1 * step,)))
    assert [seen.step for seen in run.measured] == [0, 2, 3, 6]


def test_the_best_evaluation_is_the_first_of_the_lowest():
    run = Run(kind="train")
    assert run.best is None
    for step, loss in enumerate([0.3, 0.1, 0.2, 0.1], start=1):
        run.apply(Evaluated(step, loss, loss, loss, loss))
    assert run.best.step == 2
