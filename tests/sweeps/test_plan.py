"""What a sweep trains, and what it refuses in one sentence."""

import pytest

from textual_inversion.errors import EmbeddingError, SettingsError
from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.plan import plan_sweep


def plan(*over, **changes):
    given = {"embedding": "cat", "dataset_dir": "pictures", "over": over}
    return plan_sweep(SweepSettings.build(given, changes))


def test_every_combination_is_a_run_of_its_own():
    made = plan("learning_rate=auto,0.005", "num_vectors=1,4", max_steps=7)
    assert [(run.name, dict(run.values)) for run in made.runs] == [
        ("cat-run1", {"learning_rate": "auto", "num_vectors": "1"}),
        ("cat-run2", {"learning_rate": "auto", "num_vectors": "4"}),
        ("cat-run3", {"learning_rate": "0.005", "num_vectors": "1"}),
        ("cat-run4", {"learning_rate": "0.005", "num_vectors": "4"}),
    ]
    last = made.runs[-1]
    assert (last.training.learning_rate, last.training.max_steps) == ("0.005", 7)
    assert (last.creation.name, last.creation.num_vectors) == ("cat-run4", 4)


def test_a_value_in_quotes_keeps_its_commas():
    made = plan('learning-rate="0.01:100, 0.005",auto')
    assert [run.training.learning_rate for run in made.runs] == ["0.01:100, 0.005", "auto"]


def test_values_are_read_as_their_settings_are():
    made = plan("shuffle_tags=true,false", "seed=0,1")
    assert [run.training.shuffle_tags for run in made.runs] == [True, True, False, False]


def test_equal_values_count_once():
    assert len(plan("seed=1,1,2").runs) == 2


def test_samples_are_drawn_by_the_seed_and_none_twice():
    many = [f"seed={','.join(map(str, range(1000)))}", "num_vectors=1,2,3"]
    some, again = plan(*many, samples=20), plan(*many, samples=20)
    assert some.runs == again.runs
    assert len({str(run.values) for run in some.runs}) == 20
    assert some.runs[0].name == "cat-run01"


def test_more_samples_than_combinations_are_all_of_them():
    assert len(plan("seed=1,2", samples=9).runs) == 2


@pytest.mark.parametrize(
    ("over", "words"),
    [
        (["lerning_rate=1"], '"lerning_rate" in over is no setting that runs can differ in; did'),
        (["embedding=a,b"], '"embedding" in over is no setting'),
        (["samples=1,2"], '"samples" in over is no setting'),
        (["resume=never"], '"resume" in over is no setting'),
        (["seed"], '"seed" in over names no values; write it as learning_rate=auto,0.005.'),
        (["seed="], '"seed=" in over names no values'),
        (["seed=1", "seed=2"], "over has seed twice"),
        (["num_vectors=1,many"], "num_vectors must be a whole number (got 'many')"),
        (["num_vectors=0"], "num_vectors must be at least 1"),
        (["learning_rate=fast"], '"fast" is not a number'),
        (["precision=fp8"], "precision must be one of"),
        ([], "over names no setting"),
    ],
)
def test_what_cannot_be_swept_is_said_in_one_sentence(over, words):
    with pytest.raises(SettingsError) as caught:
        plan(*over)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_million_combinations_are_refused_before_any_is_made():
    hundred = ",".join(map(str, range(1, 76)))
    over = [f"seed={hundred}", f"num_vectors={hundred}", f"max_steps={hundred}", "norm=free,fixed"]
    with pytest.raises(SettingsError, match=r"make 843,750 runs, and 10,000 are the most"):
        plan(*over)
    assert len(plan(*over, samples=3).runs) == 3
    with pytest.raises(SettingsError, match="samples asks for 20,000 runs"):
        plan(*over, samples=20_000)


def test_a_name_that_no_embedding_may_have_is_refused():
    with pytest.raises(EmbeddingError):
        plan("seed=1,2", embedding="a/b")
    with pytest.raises(EmbeddingError):
        plan("seed=1,2", embedding="a" * 62)


def test_a_compiled_unet_is_said_to_have_no_effect():
    assert plan("seed=1,2").notes == []
    assert plan("seed=1,2", compile="on").notes[0].startswith("compile has no effect here")


def test_an_embedding_is_created_by_the_tokenizer_that_trains_it():
    first, second = plan("tokenizer=one,other", initialization_text="cat").runs
    assert (first.creation.tokenizer, second.creation.tokenizer) == ("one", "other")
    assert second.training.tokenizer == "other"
