from textual_inversion.runs import requests as module
from textual_inversion.runs.requests import Control, leave_request


def test_a_wish_left_in_the_folder_is_heard_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_SECONDS", 0)
    control = Control()
    control.watch(tmp_path)
    leave_request(tmp_path, "save")
    assert not control.stopping
    assert control.asked == {"stop": 0, "save": 1, "sample": 0, "skip": 0}
    leave_request(tmp_path, "stop")
    assert control.stopping
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_looked_at_once_a_second_at_most(tmp_path):
    control = Control()
    control.watch(tmp_path)
    leave_request(tmp_path, "stop")
    assert not control.stopping


def test_a_wish_of_an_earlier_run_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_SECONDS", 0)
    leave_request(tmp_path, "stop")
    control = Control()
    control.watch(tmp_path)
    assert not control.stopping
