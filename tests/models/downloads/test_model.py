"""A job tells how far the download of its base model is, and can be stopped meanwhile."""

import re

import pytest

from tests.models.downloads.slow_hub import IN_PERCENT, NAME, add_slow_model
from tests.models.test_download import UNET
from textual_inversion.errors import ModelError
from textual_inversion.events import Loading
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.runs.requests import Control


def is_half(event):
    assert isinstance(event, Loading)
    return re.fullmatch(f"base model {NAME} {IN_PERCENT}", event.what)


def stop_halfway(control):
    for event in fetch_for_job(NAME, control):
        if is_half(event):
            control.stop.set()


def test_a_model_that_is_here_is_only_described(stacks):
    with pytest.raises(StopIteration) as end:
        next(fetch_for_job(str(stacks["sd1"]), Control()))
    assert end.value.value == describe_model(str(stacks["sd1"]))


@pytest.mark.slow
def test_the_events_tell_how_much_has_come(hub, stacks):
    go_on = add_slow_model(hub, stacks["sd1"])
    for event in fetch_for_job(NAME, Control()):
        if is_half(event):
            go_on.set()
    assert go_on.is_set()
    assert describe_model(NAME).widths == (32,)


@pytest.mark.slow
def test_a_stop_ends_the_download_and_leaves_no_half_file(home, hub, stacks):
    go_on, control = add_slow_model(hub, stacks["sd1"], UNET), Control()
    with pytest.raises(ModelError, match='"owner/model" was stopped; start again to fetch'):
        stop_halfway(control)
    go_on.set()
    list(fetch_for_job(NAME, Control()))
    asked = [wanted for path, wanted in hub.ranges if path.endswith(UNET)]
    assert asked == [None, None]
    assert not list((home / "hub-cache").rglob("*.incomplete"))


@pytest.mark.slow
def test_a_model_that_the_hub_does_not_have_is_one_sentence(hub):
    with pytest.raises(ModelError, match='The base model "owner/none" is not on this machine'):
        list(fetch_for_job("owner/none", Control()))
