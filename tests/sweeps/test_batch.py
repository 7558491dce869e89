"""Runs in one batch: each ends as it would have alone, and what happens to one stays with it."""

import pytest
import torch

from textual_inversion.events import Failed, Finished, Started, Stepped
from textual_inversion.models.opening import open_model
from textual_inversion.runs.requests import Control, leave_request
from textual_inversion.runs.state import read_run


def assert_same(ours, alone, names=None):
    for name in names or alone:
        assert ours[name].step == alone[name].step
        for mine, expected in zip(ours[name].vectors, alone[name].vectors, strict=True):
            torch.testing.assert_close(mine, expected, rtol=0, atol=1e-6)


def last(events):
    """Give the last event of each run."""
    return {each.run: each.event for each in events if each.run}


@pytest.mark.slow
def test_each_run_ends_as_it_would_have_alone(runs):
    runs.add("plain-x").add("seed-x", seed=3, learning_rate="0.005")
    runs.add("wide-x", num_vectors=3, learning_rate="0.01:2, 0.003", optimizer="adamw")
    runs.add("many-x", gradient_accumulation_steps=3, batch_size=1, loss="huber", max_steps=3)
    runs.add("parts-x", batch_size=3, pictures_at_once=2, min_snr_gamma=5.0, norm="fixed")
    alone = runs.alone()
    ends = last(runs.together())
    assert {name: (end.reason, end.step) for name, end in ends.items()} == {
        name: ("finished", one.step) for name, one in alone.items()
    }
    assert_same(runs.learned(), alone)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd2", "sdxl"])
def test_the_other_families_share_their_passes_too(runs, stacks, kind):
    runs.model = str(stacks[kind])
    runs.file = lambda name: next((runs.home / "embeddings").glob(f"{name}.*"))
    runs.add("one-x").add("two-x", num_vectors=2, seed=1)
    alone = runs.alone()
    list(runs.together())
    assert_same(runs.learned(), alone)


@pytest.mark.slow
def test_what_a_run_is_told_at_length_does_not_reach_the_others(runs, tmp_path):
    long = tmp_path / "long.txt"
    long.write_text(f"a photo of [name], {'the red house on the blue house, ' * 12}")
    runs.add("short-x").add("long-x", template=str(long)).add("short-y", seed=1)
    alone = runs.alone()
    list(runs.together())
    assert_same(runs.learned(), alone)


@pytest.mark.slow
def test_a_word_of_one_run_is_plain_text_to_the_others(runs, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("a photo of [name], one-x, <one-x>")
    runs.add("one-x").add("two-x", template=str(names))
    alone = runs.alone()
    list(runs.together())
    assert_same(runs.learned(), alone)


@pytest.mark.slow
def test_sizes_that_differ_from_step_to_step_are_passed_apart(runs, pictures):
    from PIL import Image

    Image.new("RGB", (120, 60), "white").save(pictures / "wide.png")
    runs.add("one-x", picture_sizes="buckets").add("two-x", picture_sizes="buckets", seed=2)
    alone = runs.alone()
    list(runs.together())
    assert_same(runs.learned(), alone)


@pytest.mark.slow
def test_the_unet_is_called_once_a_step_for_all(runs, monkeypatch):
    model = open_model(runs.model)
    sizes, predict = [], type(model).predict
    monkeypatch.setattr(type(model), "predict", lambda *a: sizes.append(len(a[1])) or predict(*a))
    runs.add("one-x", max_steps=2).add("two-x", max_steps=3).add("three-x", batch_size=1)
    list(runs.together())
    assert sizes == [5, 5, 3, 1]


@pytest.mark.slow
def test_runs_that_end_make_room_for_waiting_ones(runs):
    runs.add("one-x", max_steps=1).add("two-x", max_steps=3).add("three-x", max_steps=1)
    said = [
        (each.run, type(each.event).__name__)
        for each in runs.together(at_once=2)
        if isinstance(each.event, Started | Finished)
    ]
    assert said == [
        ("one-x", "Started"),
        ("two-x", "Started"),
        ("one-x", "Finished"),
        ("three-x", "Started"),
        ("three-x", "Finished"),
        ("two-x", "Finished"),
    ]


@pytest.mark.slow
def test_a_run_whose_vectors_become_nan_fails_alone(runs, monkeypatch):
    limit = "textual_inversion.settings.schedule._HIGHEST_LEARNING_RATE"
    monkeypatch.setattr(limit, float("inf"))
    runs.add("good-x").add("good-y", seed=1)
    alone = runs.alone()
    runs.add("bad-x", learning_rate="1e30")
    events = list(runs.together())
    failures = [(each.run, each.event.message) for each in events if isinstance(each.event, Failed)]
    assert [name for name, _ in failures] == ["bad-x"]
    assert failures[0][1].startswith("At step 2 the vectors became NaN; nothing was learned")
    assert_same(runs.learned(), alone, ["good-x", "good-y"])


@pytest.mark.slow
def test_a_run_that_cannot_begin_fails_alone(runs, home):
    (home / "empty").mkdir()
    runs.add("bad-x", dataset_dir="empty").add("good-x")
    ends = last(runs.together())
    assert isinstance(ends["bad-x"], Failed)
    assert ends["good-x"].reason == "finished"


@pytest.mark.slow
def test_an_accident_in_one_run_costs_the_others_nothing(runs, monkeypatch):
    runs.add("good-x").add("bad-x", save_embedding_every=2)
    from textual_inversion.training.chores.saving import Snapshots

    monkeypatch.setattr(Snapshots, "run", lambda *_: 1 / 0)
    ends = last(runs.together())
    assert ends["bad-x"] == Failed(2, "ZeroDivisionError: division by zero")
    assert ends["good-x"].reason == "finished"


@pytest.mark.slow
def test_a_stop_of_one_run_leaves_the_others_alone(runs, monkeypatch):
    monkeypatch.setattr("textual_inversion.runs.requests.LOOK_EVERY_SECONDS", 0.0)
    runs.add("one-x").add("two-x", seed=1)
    alone = runs.alone()
    ends = {}
    for each in runs.together():
        if isinstance(each.event, Started) and each.run == "two-x":
            leave_request(runs.home / each.event.folder, "stop")
        ends[each.run] = each.event
    assert (ends["two-x"].reason, ends["two-x"].step) == ("stopped", 1)
    assert_same(runs.learned(), alone, ["one-x"])


@pytest.mark.slow
def test_a_stop_of_all_saves_each_of_them_and_begins_no_more(runs):
    control = Control()
    runs.add("one-x").add("two-x").add("three-x")
    ends = {}
    for each in runs.together(at_once=2, control=control):
        if isinstance(each.event, Stepped) and each.event.step == 2:
            control.ask("stop")
        ends[each.run] = each.event
    del ends[""]  # the base model's loading
    assert {name: end.reason for name, end in ends.items()} == {
        "one-x": "stopped",
        "two-x": "stopped",
    }
    assert {one.step for name, one in runs.learned().items() if name in ends} == {2}


@pytest.mark.slow
def test_leaving_saves_what_all_have_learned(runs):
    runs.add("one-x").add("two-x")
    events = runs.together()
    folders = {}
    for each in events:
        if isinstance(each.event, Started):
            folders[each.run] = runs.home / each.event.folder
        if isinstance(each.event, Stepped) and each.event.step == 3:
            break
    events.close()
    steps = {name: one.step for name, one in runs.learned().items()}
    assert steps == {"one-x": 3, "two-x": 2}  # it would have had its turn next
    assert all(read_run(folder).state == "killed" for folder in folders.values())


@pytest.mark.slow
def test_what_does_not_fit_is_computed_in_halves(runs, monkeypatch):
    model = open_model(runs.model)
    sizes, predict = [], type(model).predict

    def small(self, latents, *more):
        sizes.append(len(latents))
        if len(latents) > 4:
            raise torch.OutOfMemoryError("out of memory")
        return predict(self, latents, *more)

    runs.add("one-x", max_steps=2).add("two-x", max_steps=2).add("three-x", max_steps=2)
    alone = runs.alone()
    monkeypatch.setattr(type(model), "predict", small)
    list(runs.together())
    assert sizes == [6, 2, 2, 2, 2, 2, 2]
    assert_same(runs.learned(), alone)
