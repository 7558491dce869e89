import json

import pytest

from tests.evaluation.snapshots.evaluated import run_evaluation, write_subject
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import DatasetError, SettingsError
from textual_inversion.evaluation.snapshots.record import evaluations, read_evaluation
from textual_inversion.events import Finished, Progressed, Sampled, Started
from textual_inversion.runs.requests import Control

pytestmark = pytest.mark.slow


@pytest.fixture
def subject(home, stacks):
    return write_subject(home, stacks["sd1"])


def test_every_snapshot_is_drawn_measured_and_kept_with_its_report(home, subject):
    events, found = run_evaluation(num_images=2)
    assert [(one.label, one.step) for one in found.candidates] == [
        ("step 10", 10), ("step 30, as it is now", 30),
    ]  # fmt: skip
    assert (found.word.label, found.word.obedience, found.word.path) == ("cat", 1, "")
    (folder,) = evaluations(home / "outputs")
    assert read_evaluation(folder) == found
    assert json.loads((folder / "evaluation.json").read_text())["best"].keys() == {
        "likeness", "balance", "obedience",
    }  # fmt: skip
    files = [one.file for subject in (found.word, *found.candidates) for one in subject.pictures]
    assert len(files) == 3 * 2 * 2
    assert all((folder / file).is_file() for file in (*files, *found.training))
    last = [event for event in events if isinstance(event, Progressed)][-1]
    assert (last.done, last.total) == (24, 24)


def test_what_was_drawn_is_not_drawn_again(subject):
    run_evaluation()
    events, found = run_evaluation(num_snapshots=1)
    assert not any(isinstance(event, Sampled) for event in events)
    assert len(found.candidates) == 1


def test_a_stop_leaves_no_evaluation_behind(home, subject):
    control = Control()
    control.stop.set()
    events, found = run_evaluation(control)
    assert found is None
    assert events[-1] == Finished(0, "stopped")
    assert isinstance(events[-3], Started)
    assert list((home / "outputs").glob("evaluations/**/*")) == []


def test_the_run_tells_the_pictures_the_model_and_how_previews_were_drawn(subject):
    _, found = run_evaluation()
    assert found.word.pictures[0].seed == 5
    assert found.run == "runs/2026-01-01/zyx"
    with pytest.raises(DatasetError, match="There is no folder x"):
        run_evaluation(dataset_dir="")


def test_a_small_model_gets_prompts_that_it_knows(subject):
    _, found = run_evaluation(prompts="auto", num_prompts=2, num_snapshots=0)
    assert found.prompts[0] == "a photo of a [name]"


def test_a_class_word_is_asked_for_where_none_is_known(home, subject):
    made = formats.read(home / "embeddings" / "zyx.pt")
    formats.write(Embedding("new", made.vectors), home / "embeddings" / "new.pt")
    with pytest.raises(SettingsError, match="class_word is empty, and new does not tell"):
        run_evaluation(embedding="new")
    with pytest.raises(SettingsError, match="dataset_dir is empty, and no run in"):
        run_evaluation(embedding="new", class_word="cat", dataset_dir="")
    model = json.loads((subject / "settings.json").read_text())["model"]
    _, found = run_evaluation(embedding="new", class_word="cat", model=model)
    assert [one.label for one in found.candidates] == ["as it is now"]
