"""A probe takes true steps, says what all of them will take, and leaves nothing behind."""

import pytest

from tests.generators import drained
from textual_inversion.errors import DatasetError
from textual_inversion.events import Started, Stepped
from textual_inversion.names import STAND_IN
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.training.estimate import Estimate, probe


@pytest.fixture
def settings(home, pictures, stacks):
    small = {"batch_size": 1, "max_steps": 100, "save_image_every": 40, "preview_steps": 5}
    return TrainSettings.build(
        {"embedding": STAND_IN, "dataset_dir": "pictures", "model": str(stacks["sd1"])}, small
    )


def probed(settings, control=None):
    return drained(probe(settings, control or Control()))


@pytest.mark.slow
def test_five_true_steps_make_an_estimate_and_no_file(settings, home):
    before = sorted(home.rglob("*"))
    told, estimate = probed(settings)
    steps = [event for event in told if isinstance(event, Stepped)]
    assert [event.step for event in steps] == [1, 2, 3, 4, 5]
    assert all(event.loss > 0 for event in steps)
    assert (estimate.steps, estimate.num_previews) == (100, 3)
    assert estimate.seconds > 99 * estimate.seconds_per_step > 0
    assert 50 < estimate.peak_mb < 100_000
    assert sorted(home.rglob("*")) == before


def test_a_probe_can_be_stopped(settings):
    control = Control()
    events = probe(settings, control)
    while not isinstance(next(events), Started):
        pass
    control.stop.set()
    assert list(events) == []
    assert probed(settings, control)[1] is None


def test_what_keeps_a_training_from_starting_keeps_the_probe(settings):
    with pytest.raises(DatasetError, match="There is no folder nowhere"):
        probed(settings.model_copy(update={"dataset_dir": "nowhere"}))


@pytest.mark.parametrize(
    ("estimate", "sentence"),
    [
        (
            Estimate(500, 10, 725.0, 1.42, 812.3),
            "About 12 min for 500 steps (1.42 s each) and 10 previews; peak memory 812 MB.",
        ),
        (Estimate(9, 0, 0.4, 0.04, None), "About 1 s for 9 steps (0.04 s each)."),
        (Estimate(9000, 0, 144000.0, 16.2, None), "About 40 h for 9000 steps (16 s each)."),
    ],
)
def test_an_estimate_is_one_sentence(estimate, sentence):
    assert estimate.sentence == sentence
