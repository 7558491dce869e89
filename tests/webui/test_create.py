"""The Create tab: what it says of a name as one types it."""

import pytest

from textual_inversion.jobs.device_lock import DeviceLock
from webui.tabs.create import _name


@pytest.fixture
def values(stacks, home):
    return {"model": str(stacks["sd1"])}


@pytest.mark.parametrize("name", ["cat", "<cat>"])
def test_a_word_that_the_model_knows_is_warned_of(values, name):
    said = _name({**values, "name": name}, DeviceLock())
    assert "&#34;cat&#34; is a word that the base model knows already" in said


@pytest.mark.parametrize("name", ["", None, "cat-x"])
def test_of_any_other_name_nothing_is_said(values, name):
    assert _name({**values, "name": name}, DeviceLock()) == ""


def test_a_name_that_will_not_do_is_told_as_one_types(values):
    assert "use letters, digits" in _name({**values, "name": "a/b"}, DeviceLock())
