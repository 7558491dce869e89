import time
from dataclasses import replace

import pytest
import torch

from tests.cats import losses, make_cat, run
from textual_inversion.devices.peak_memory import peak_mb
from textual_inversion.events import Finished, Throughput
from textual_inversion.training import throughput as module
from textual_inversion.training.throughput import ThroughputTimer


def test_time_goes_to_the_part_that_is_named():
    timer = ThroughputTimer(torch.device("cpu"), pictures_per_step=4)
    time.sleep(0.03)
    timer.mark("data")
    time.sleep(0.06)
    timer.mark("unet")
    timer.steps += 1
    news = timer.report(7)
    assert 0.2 < news.data < 0.45 < news.unet < 0.8
    assert 10 < news.images_per_second < 45
    assert (news.step, news.text, timer.steps) == (7, 0, 0)


def test_the_way_back_through_the_unet_ends_at_its_gradient(monkeypatch):
    from textual_inversion.models.text_encoders import Conditioning

    laps = []
    timer = ThroughputTimer(torch.device("cpu"), pictures_per_step=1)
    monkeypatch.setattr(timer, "mark", laps.append)
    hidden = torch.ones(1, requires_grad=True) * 2
    timer.text_encoded(Conditioning(hidden))
    assert laps == ["text"]
    (hidden * 3).sum().backward()
    assert laps == ["text", "unet"]
    with torch.no_grad():
        timer.text_encoded(Conditioning(hidden.detach()))
    assert laps == ["text", "unet"]


@pytest.mark.slow
def test_a_run_tells_its_pace_at_its_end(home, cat):
    *_, news, last = run(cat, evaluate_every=2, save_image_every=4)
    assert isinstance(last, Finished)
    assert isinstance(news, Throughput)
    shares = (news.data, news.text, news.unet, news.previews, news.other)
    assert all(share > 0 for share in shares)
    assert sum(shares) == pytest.approx(1, abs=0.1)
    assert news.memory_mb > 50
    assert news.images_per_second > 0


@pytest.mark.slow
def test_news_come_every_few_seconds_and_change_no_loss(home, cat, monkeypatch):
    seldom = run(cat)
    make_cat(cat["model"])
    monkeypatch.setattr(module, "EVERY_SECONDS", 0)
    often = run(cat, resume="never")
    assert [e.step for e in often if isinstance(e, Throughput)] == [1, 2, 3, 4]
    assert losses(often) == losses(seldom)


@pytest.mark.slow
def test_memory_is_told_in_megabytes():
    held = bytearray(200 * 2**20)
    timer = ThroughputTimer(torch.device("cpu"), pictures_per_step=1)
    news = timer.report(1)
    assert len(held) / 2**20 < news.memory_mb < 100_000
    # Both figures that a user sees are the same measurement.
    assert (news.memory_mb, news.memory_of) == (round(peak_mb(torch.device("cpu"))), "process")


def test_a_pace_without_memory_is_still_worded():
    from textual_inversion.runs.wording import throughput_words

    news = Throughput(1, 2.5, 0, 0, 0, 0, 0, 0, "process")
    assert throughput_words(news) == ["2.5 pictures/s"]
    assert throughput_words(replace(news, memory_mb=900)) == ["2.5 pictures/s", "900 MB"]
