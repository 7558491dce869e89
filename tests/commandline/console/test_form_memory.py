"""What the form keeps for the next time, and what it never does unasked."""

import json

import pytest

from commandline.console.question import Question
from tests.commandline.console.pilots import drive, earlier, form, go_to


@pytest.mark.slow
def test_the_last_values_are_remembered_but_not_the_trigger(sample, home, started):
    async def train(pilot):
        await pilot.press(*"cat", "ctrl+n", "backspace", *"pet")
        await go_to(pilot, "train_batch_size")
        await pilot.press("3", "ctrl+t")
        await pilot.pause()

    drive(train)
    assert [(one.placeholder_token, one.train_batch_size) for one in started] == [("cat", 3)]

    async def again(pilot):
        values = form(pilot).values()
        found = (values["placeholder_token"], values["initializer_token"])
        assert (*found, values["train_batch_size"]) == ("", "pet", 3)

    drive(again)


@pytest.mark.slow
@pytest.mark.parametrize("stored", ["[", '{"train_batch_size": 1000, "nonsense": 1}'])
def test_damaged_preferences_are_passed_over(home, stored):
    (home / "text-inversion-output").mkdir()
    (home / "text-inversion-output" / "preferences.json").write_text(stored)

    async def steps(pilot):
        assert form(pilot).values()["train_batch_size"] == 8

    drive(steps)


@pytest.mark.slow
@pytest.mark.parametrize(("keys", "is_deleted"), [(["enter"], False), (["y"], True)])
def test_nothing_is_deleted_without_a_question_whose_default_is_no(
    home, sample, started, keys, is_deleted
):
    folder = earlier(home)
    before = {path.name for path in folder.iterdir()}
    gone = {"checkpoint-500", "checkpoint-1000", "learned_embeds-steps-500.bin"}

    async def steps(pilot):
        await pilot.press(*"cat")
        await go_to(pilot, "resume")
        await pilot.press("space", "ctrl+t")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Question)
        await pilot.press(*keys)
        await pilot.pause()

    drive(steps)
    left = {path.name for path in folder.iterdir()} - {"console.log"}
    assert (left, len(started)) == (before - (gone if is_deleted else set()), int(is_deleted))


@pytest.mark.slow
@pytest.mark.parametrize("keys", [["escape"], ["ctrl+q"]])
def test_cancel_leaves_without_a_file(home, keys):
    async def steps(pilot):
        await pilot.press(*"cat", *keys)

    app = drive(steps)
    assert app.left_running == []
    assert not (home / "text-inversion-output").exists()


@pytest.mark.slow
def test_what_is_remembered_is_a_file_of_settings(home, sample, started):
    async def steps(pilot):
        await pilot.press(*"cat", "ctrl+t")
        await pilot.pause()

    drive(steps)
    stored = json.loads((home / "text-inversion-output" / "preferences.json").read_text())
    assert stored["max_train_steps"] == 3000
    assert stored.keys().isdisjoint({"placeholder_token", "resume"})
