"""Every state has words, and what users name cannot become markup."""

import pytest

from textual_inversion.events import (
    Evaluated,
    Failed,
    Finished,
    Loading,
    Progressed,
    Saved,
    Started,
    Stepped,
    Throughput,
    Warned,
)
from textual_inversion.runs.state import Run
from textual_inversion.runs.wording import duration
from webui.views.status import badge_html, facts_html, sentence, status_html, tone

IDLE = "Nothing yet."


def run_of(*events, kind="train", times=()):
    run = Run(kind=kind, name="cat")
    for place, event in enumerate(events):
        run.apply(event, now=times[place] if times else None)
    return run


def said(*events, **options):
    return sentence(run_of(*events, **options), idle=IDLE)


def test_without_a_job_the_idle_sentence_is_said():
    assert sentence(None, idle=IDLE) == IDLE


def test_loading_says_which_part():
    assert said(Loading("base model")) == "Loading base model …"


def test_training_tells_step_speed_time_left_loss_and_rate():
    steps = [Stepped(step, 100, 0.25, 0.005, 0.1) for step in (1, 2, 3)]
    told = said(Started("cat", 0, 100), *steps, times=[10, 10, 10.5, 11])
    assert told == "Step 3 of 100 · 2.0 a second · 48 s left · loss 0.250 · learning rate 0.005"


def test_slow_steps_are_told_by_their_length():
    steps = [Stepped(step, 100, None, 0.005, 4) for step in (1, 2)]
    assert "4.0 s each · 7 min left" in said(Started("cat", 0, 100), *steps, times=[0, 0, 4])


def test_stopping_says_that_it_saves():
    run = run_of(Started("cat", 0, 100))
    run.state, run.message = "stopping", "Stopping after this step, then saving …"
    assert sentence(run, idle=IDLE) == "Stopping after this step, then saving …"


def test_a_stopped_run_tells_where_it_stopped_and_what_it_saved():
    told = said(Started("cat", 0, 100), Finished(7, "stopped", "embeddings/cat.pt"))
    assert told == "Stopped at step 7 of 100. Saved in embeddings/cat.pt."


def test_a_finished_run_tells_what_was_made():
    told = said(Started("cat", 0, 100), Finished(100, "finished", "embeddings/cat.pt"))
    assert told == "Finished: 100 steps. Saved in embeddings/cat.pt."


def test_a_finished_preprocessing_counts_pictures():
    made = [Progressed(1, 1, "b/a.png", "a/a.png"), Finished(1, "finished", "b")]
    assert said(Started("a", 0, 1), *made, kind="preprocess") == "Finished: 1 picture. Saved in b."


def test_flips_and_pieces_count_as_well():
    made = [Progressed(1, 5, "b/a.png", "a/a.png", 2), Progressed(2, 5, "b/c.png", "a/c.png", 3)]
    begun = Started("a", 0, 5)
    told = said(begun, *made, Finished(5, "finished", "b"), kind="preprocess")
    assert told == "Finished: 2 pictures, 5 files. Saved in b."
    told = said(begun, *made, Finished(5, "stopped", "b"), kind="preprocess")
    assert told == "Stopped at picture 2 of 5. Saved in b."


def test_skipped_pictures_do_not_hold_the_bar_up():
    done = [Progressed(1, 3, "b/1.png", "a/1.png"), Progressed(2, 3, "", "a/2.png")]
    last = [Progressed(3, 3, "b/3.png", "a/3.png"), Finished(2, "finished", "b")]
    run = run_of(Started("a", 0, 3), *done, *last, kind="preprocess")
    assert 'aria-valuenow="100"' in status_html(run, idle=IDLE)


def test_absolute_folders_keep_their_first_slash():
    run = run_of(Started("/home/a/cats", 0, 1), Finished(1, "finished", "/b"), kind="preprocess")
    drawn = status_html(run, idle=IDLE)
    assert "<b>/home/a/cats</b>" in drawn
    assert "Saved in /b." in drawn


def test_a_failed_run_tells_why():
    assert said(Failed(3, "The disk is full.")) == "Failed: The disk is full."


def test_a_run_that_was_killed_says_how_to_go_on():
    run = run_of(Started("cat", 0, 100))
    run.state, run.message = "killed", "Train again to go on."
    assert sentence(run, idle=IDLE) == "Killed: Train again to go on."
    assert tone(run) == "bad"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59, "59 s"), (61, "1 min"), (3600, "1 h"), (4800, "1 h 20 min")],
)
def test_durations_are_words(seconds, words):
    assert duration(seconds) == words


def test_the_best_vectors_are_said_once_they_are_written():
    run = run_of(Evaluated(5, 0.25, 1, 1, 1), Evaluated(9, 0.5, 1, 1, 1))
    assert "Best" not in facts_html(run)
    run.apply(Saved(9, "best", "runs/x-best.pt"))
    assert "step 5, fixed-batch loss 0.2500: runs/x-best.pt" in facts_html(run)


def test_the_pace_tells_what_takes_the_time_and_the_memory():
    run = run_of(Throughput(5, 12.5, 0.001, 0.2, 0.6, 0.1, 0.05, 812, "GPU"))
    told = (
        "12.5 pictures/s · 812 MB on the GPU · "
        "UNet 60%, text encoder 20%, previews 10%, saving and evaluating 5%<"
    )
    assert told in facts_html(run)


def test_names_cannot_become_markup():
    evil = "<img src=x onerror=alert(1)>"
    run = run_of(Started(evil, 0, 9), Stepped(1, 9, 0.1, 0.1, 0.1, caption=evil), Warned(evil))
    run.apply(Saved(1, "embedding", evil))
    drawn = status_html(run, idle=evil) + facts_html(run) + badge_html(run)
    assert "<img" not in drawn
    assert drawn.count("&lt;img") == 8


def test_many_warnings_are_cut_and_counted():
    run = run_of(*[Warned(f"w{number}") for number in range(25)])
    drawn = facts_html(run)
    assert "and 5 before these" in drawn
    assert "w24" in drawn
    assert "w4<" not in drawn
