import json

import pytest

from textual_inversion.errors import StorageError
from textual_inversion.evaluation.snapshots.record import (
    NAME,
    Drawn,
    Evaluation,
    Subject,
    read_evaluation,
    to_json,
)

DRAWN = Drawn(0, 5, "pictures/1-1-1.png", 0.1, 0.2)


def subject(label, likeness, obedience, *, path="cat.pt", pictures=(DRAWN,)):
    both = likeness + obedience
    return Subject(
        label, path, "00ff", 7, likeness, obedience, 2 * likeness * obedience / both, 0.3,
        {"latents": 0.5}, pictures,
    )  # fmt: skip


def evaluation(*candidates, training=("training/1.png",)):
    word = subject("dog", 0.1, 1.0, path="")
    texts = ("cat", "models/pocket", "", "photos", "UNet", "words")
    return Evaluation(*texts, ("a [name] on a <b>house</b>",), training, word, candidates)


THREE = evaluation(subject("one", 0.9, 0.1), subject("two", 0.5, 0.5), subject("three", 0.2, 0.8))


def test_each_goal_has_its_best():
    assert [THREE.best(goal).label for goal in ("likeness", "balance", "obedience")] == [
        "one", "two", "three",
    ]  # fmt: skip


def test_what_was_written_is_read(tmp_path):
    (tmp_path / NAME).write_bytes(to_json(THREE))
    assert read_evaluation(tmp_path) == THREE


@pytest.mark.parametrize(
    "change",
    [
        {"candidates": []},
        {"training": ["/etc/passwd"]},
        {"training": ["training/../../x.png"]},
        {"prompts": []},
        {"word": None},
    ],
)
def test_a_file_that_describes_none_is_refused(tmp_path, change):
    (tmp_path / NAME).write_text(json.dumps({**json.loads(to_json(THREE)), **change}))
    with pytest.raises(StorageError, match="does not describe an evaluation"):
        read_evaluation(tmp_path)
