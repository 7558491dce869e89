import sys

import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.events import Evaluated, Previewed, Stepped, Warned
from textual_inversion.runs.trackers import Tracker
from textual_inversion.settings import TrainSettings


def tracker(tmp_path, kind="tensorboard"):
    return Tracker(
        TrainSettings(embedding="cat-x", dataset_dir="pictures", report_to=kind), tmp_path
    )


def test_none_logs_nothing(tmp_path):
    with tracker(tmp_path, "none") as log:
        assert log.log(Stepped(1, 2, 0.5, 0.1, 0.0)) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_tensorboard_has_scalars_and_previews(tmp_path):
    pytest.importorskip("tensorboard")
    from PIL import Image
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    Image.new("RGB", (8, 8)).save(tmp_path / "p.png")
    events = [
        Stepped(1, 2, 0.5, 0.1, 0.0),
        Evaluated(1, 0.4, 0.5, 0.4, 0.3),
        Previewed(1, str(tmp_path / "p.png"), "a cat"),
    ]
    with tracker(tmp_path) as log:
        assert [log.log(event) for event in events] == [None] * 3
    log = EventAccumulator(str(tmp_path / "logs" / "cat-x")).Reload()
    assert [(read.step, round(read.value, 3)) for read in log.Scalars("loss")] == [(1, 0.5)]
    assert log.Scalars("fixed_batch/loss")[0].value == pytest.approx(0.4)
    assert len(log.Images("a cat")) == 1


def test_a_tracker_that_fails_is_said_once_and_left_alone(tmp_path):
    pytest.importorskip("tensorboard")
    events = [Previewed(1, "gone.png", "a cat"), Previewed(2, "gone.png", "a cat")]
    with tracker(tmp_path) as log:
        assert [type(log.log(event)) for event in events] == [Warned, type(None)]


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(SettingsError, match="needs the package trackio"):
        tracker(tmp_path, "trackio")
