"""The whole page can be drawn, with ids that are its own and nothing open that need not be."""

from collections import Counter

import pytest

from textual_inversion.jobs.runner import Runner
from webui.page import build


@pytest.fixture(scope="module")
def page():
    return build(Runner())


def test_every_id_is_used_once(page):
    ids = Counter(block.elem_id for block in page.blocks.values() if block.elem_id)
    assert [name for name, count in ids.items() if count > 1] == []


def test_no_control_lets_files_in_or_keeps_a_session_alive(page):
    kinds = {type(block).__name__ for block in page.blocks.values()}
    assert not kinds & {"File", "UploadButton", "Image", "State", "FileExplorer"}
    assert all(event.targets[0][1] != "unload" for event in page.fns.values() if event.targets)


def test_no_event_is_offered_as_an_api(page):
    assert {event.api_visibility for event in page.fns.values()} == {"private"}


def test_galleries_only_show(page):
    galleries = [b for b in page.blocks.values() if type(b).__name__ == "Gallery"]
    assert len(galleries) == 3
    inputs = {block for event in page.fns.values() for block in event.inputs}
    assert not inputs & set(galleries)


def test_what_goes_off_by_itself_leaves_little_to_renew(page):
    unasked = [
        event
        for event in page.fns.values()
        if event.fn is not None and {name for _, name in event.targets} & {"load", "change", "tick"}
    ]
    assert len(unasked) >= 6
    assert max(len(event.inputs) for event in unasked) <= 5
    assert len({id(shown) for event in unasked for shown in event.show_progress_on}) == 1


def test_the_page_comes_filled_in_with_the_sample_pictures(page):
    ids = {block.elem_id: block for block in page.blocks.values()}
    assert ids["train-dataset_dir"].value.endswith("samples/mammoth")


def test_a_poll_draws_every_part_of_the_page(page):
    polls = [event for event in page.fns.values() if getattr(event.fn, "__name__", "") == "poll"]
    assert polls
    drawn = polls[0].fn({})
    assert len(drawn) == len(polls[0].outputs)
    assert any("ti-status" in str(part) for part in drawn)
