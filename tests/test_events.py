import json

import pytest

from textual_inversion import events as e

ALL = [
    e.Loading("base model"),
    e.Started("cat", 3, 10, "runs/x"),
    e.Waiting(),
    e.Stepped(4, 10, 0.25, 0.005, 1.5, "a photo of cat"),
    e.Stepped(5, 10, None, 0.005, 1.6),
    e.Evaluated(4, 0.1, 0.2, 0.1, 0.05),
    e.Measured(4, (0.4, 0.5), 0.4, ("cat", "dog"), (0.9, 0.9), (0.1, 0.2)),
    e.Converged(40),
    e.Throughput(4, 12.5, 0.1, 0.2, 0.5, 0.1, 0.05, 812, "process"),
    e.Sampled(1, 20, "data:,"),
    e.Previewed(4, "a.png", "a cat"),
    e.Saved(4, "snapshot", "a.pt"),
    e.Progressed(1, 2, "b.png", "a.jpg"),
    e.Warned("Look."),
    e.Finished(10, "finished", "cat.pt"),
    e.Failed(4, "No."),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_survives_json(event):
    assert e.from_dict(json.loads(json.dumps(e.to_dict(event)))) == event


def test_news_of_another_version_is_ignored():
    assert e.from_dict({"event": "danced"}) is None
    assert e.from_dict({"event": "warned"}) is None
    assert e.from_dict({"event": "warned", "message": "x", "loudness": 3}) == e.Warned("x")


def test_a_log_of_before_tells_its_end_in_the_word_of_today():
    old = {"event": "finished", "step": 9, "reason": "done", "path": "cat.pt"}
    assert e.from_dict(old) == e.Finished(9, "finished", "cat.pt")


def test_a_throughput_of_an_older_log_is_read():
    event = e.Throughput(3, 2.5, 0.1, 0.2, 0.5, 0.1, 0.1, memory_mb=9, memory_of="GPU")
    assert e.from_dict({**e.to_dict(event), "event": "paced"}) == event
