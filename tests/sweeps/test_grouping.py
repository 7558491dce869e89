"""Which runs can share a pass, and why others cannot."""

import pytest

from textual_inversion.settings import TrainSettings
from textual_inversion.settings.comparison.many_runs import pass_fields
from textual_inversion.sweeps.grouping import describe_groups, group_runs


def run(name, **changes):
    return TrainSettings.build({"embedding": name, "dataset_dir": "pictures"}, changes)


def names(groups):
    return [[run.embedding for run in group.runs] for group in groups]


def test_runs_that_learn_differently_share_their_passes():
    runs = [run("a", seed=1), run("b", learning_rate="0.005", batch_size=2), run("c", loss="huber")]
    groups = group_runs(runs)
    assert names(groups) == [["a", "b", "c"]]
    assert describe_groups(groups, 8) == "All 3 runs share the passes of one base model."
    assert describe_groups(groups, 2).endswith("one base model, at most 2 at a time.")


@pytest.mark.parametrize(
    ("field", "value"),
    [("precision", "bf16"), ("width", 64), ("model", "other"), ("vae", "v"), ("tokenizer", "t")],
)
def test_runs_that_need_another_pass_are_a_group_of_their_own(field, value):
    groups = group_runs([run("a"), run("b", **{field: value}), run("c")])
    assert names(groups) == [["a", "c"], ["b"]]
    said = describe_groups(groups, 8)
    assert f"runs that differ in {field} cannot share a pass" in said
    assert said.endswith(f"; 1 with {field} {value}.")


def test_a_single_run_is_called_one():
    assert describe_groups(group_runs([run("a")]), 8) == "One run is left."


def test_what_decides_a_pass_is_marked_where_it_is_declared():
    assert set(pass_fields(TrainSettings)) == {
        "width", "height", "prediction_type", "zero_terminal_snr", "vae", "tokenizer",
        "precision", "channels_last", "attention", "gradient_checkpointing", "vae_offload", "model",
    }  # fmt: skip
