"""The curves are drawn from a run, and say in words what they show."""

import re

import pytest

from textual_inversion.events import Converged, Evaluated, Started, Stepped
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.schedule import parse_schedule
from webui.charts.training_curves import loss_chart, rate_chart, schedule_words


def trained(steps):
    run = Run(kind="train")
    run.apply(Started("cat", 0, steps))
    for step in range(1, steps + 1):
        run.apply(Stepped(step, steps, 1 / step, 0.005, 0.1))
    return run


def words(text, max_steps, **options):
    return schedule_words(parse_schedule(text, **options), max_steps)


def test_without_losses_the_chart_says_what_will_come():
    assert "appears here" in loss_chart(None)
    assert "appears here" in loss_chart(Run(kind="train"))


@pytest.mark.parametrize("steps", [1, 2, 100, 101, 5000])
def test_the_chart_shows_the_newest_step_with_few_marks(steps):
    drawn = loss_chart(trained(steps))
    assert f"to {steps}, smoothed now" in drawn
    assert len(re.findall("<rect", drawn)) <= 100
    assert "nan" not in drawn


def test_the_fixed_batch_is_a_line_of_its_own():
    run = trained(5000)
    for step in range(0, 5001, 10):
        run.apply(Evaluated(step, 0.25, 0.1, 0.2, 0.3))
    drawn = loss_chart(run)
    assert "fixed batch, now 0.2500" in drawn
    (path,) = re.findall('class="ti-fixed" d="([^"]*)"', drawn)
    assert path.count("L") < 100


def test_the_bands_of_the_fixed_batch_are_drawn_against_their_start():
    run = trained(20)
    run.apply(Evaluated(10, 0.25, 0.1, 0.2, 0.4))
    assert "ti-key-layout" not in loss_chart(run)
    run.apply(Evaluated(20, 0.2, 0.09, 0.1, 0.4))
    drawn = loss_chart(run)
    assert "layout 90.0 %, shapes 50.0 %, detail 100.0 %" in drawn
    assert all(f'class="ti-{band}" d="M' in drawn for band in ("layout", "shapes", "detail"))


def test_convergence_is_marked_where_it_came():
    run = trained(100)
    assert "ti-converged" not in loss_chart(run)
    run.apply(Converged(75))
    drawn = loss_chart(run)
    assert "converged at step 75" in drawn
    (path,) = re.findall('class="ti-converged" d="([^"]*)"', drawn)
    assert path.startswith("M747.5 ")


def test_a_run_that_goes_on_from_before_has_not_converged_yet():
    run = trained(100)
    run.apply(Converged(75))
    run.apply(Started("cat", 50, 100))
    assert run.converged_step is None


def test_one_rate_is_said_in_words_alone():
    settings = TrainSettings(embedding="cat", dataset_dir="pictures", learning_rate="0.005")
    assert rate_chart(settings) == "<p>0.005 for steps 1 to 500.</p>"


def test_the_automatic_rate_is_a_share_of_the_words_size():
    drawn = rate_chart(TrainSettings(embedding="cat", dataset_dir="pictures"))
    assert "<p>2% to 100% of the size of the base model&#39;s words.</p>" in drawn


def test_the_automatic_rate_is_told_in_the_unit_of_a_runs_where_the_model_is_known():
    settings = TrainSettings(embedding="cat", dataset_dir="pictures")
    drawn = rate_chart(settings, 0.2)
    assert "<p>0.00392 to 0.2, which is 2% to 100% of the size of the base" in drawn
    assert "ti-plot" in drawn


def test_durations_add_up():
    said = words("0.005:500, 0.001:1000, 0.004", 2000)
    assert said == (
        "0.005 for steps 1 to 500, then 0.001 for steps 501 to 1500, "
        "then 0.004 for steps 1501 to 2000."
    )


def test_absolute_steps_are_taken_as_they_are():
    said = words("0.005:500, 0.001:1000", 1000, absolute=True)
    assert said == "0.005 for steps 1 to 500, then 0.001 for steps 501 to 1000."


def test_a_schedule_that_is_too_short_keeps_its_last_rate():
    said = words("0.005:100, 0.001:50", 500)
    assert said.endswith("The schedule runs out at step 150; 0.001 is kept up to 500.")


def test_what_comes_after_max_steps_is_not_used():
    assert words("0.005:500, 0.001", 300).endswith("after step 300 (max steps) is not used.")


def test_a_schedule_is_drawn_as_stairs():
    settings = TrainSettings(
        embedding="cat", dataset_dir="pictures", learning_rate="0.01:100, 0.005", max_steps=200
    )
    drawn = rate_chart(settings)
    (path,) = re.findall('class="ti-rate" d="([^"]*)"', drawn)
    heights = re.findall(r"V([\d.]+)", path)
    assert len(set(heights)) == 2
    assert "H500.0" in path


def test_warm_up_is_drawn_and_told():
    settings = TrainSettings(
        embedding="cat", dataset_dir="pictures", learning_rate="0.005", warmup_steps=4, max_steps=10
    )
    drawn = rate_chart(settings)
    assert "lies between 0.001 and 0.005" in drawn
    assert "ti-plot" in drawn
