import pytest

from textual_inversion.settings import ConsoleSettings

GIVEN = {"placeholder_token": "cat", "train_data_dir": "pictures", "output_dir": "out"}


@pytest.mark.parametrize(
    ("values", "mistakes"),
    [
        ({}, {}),
        ({"placeholder_token": "<cat>"}, {}),
        ({"initializer_token": ""}, {"initializer_token": "is empty"}),
        ({"learning_rate": "fast"}, {"learning_rate": "must be a number"}),
        ({"learning_rate": "-1"}, {"learning_rate": "must be more than 0.0"}),
        ({"max_train_steps": 10_001}, {"max_train_steps": "must be at most 10000"}),
        (
            {"train_data_dir": "here/", "output_dir": "here"},
            {"": "the pictures and the results need two folders; change one of them"},
        ),
    ],
)
def test_mistakes_are_worded_by_field(values, mistakes):
    assert ConsoleSettings.mistakes({**GIVEN, **values}) == mistakes


def test_a_trigger_must_be_a_name():
    found = ConsoleSettings.mistakes({**GIVEN, "placeholder_token": "a/b"})
    assert "contains '/'" in found["placeholder_token"]


def test_a_form_of_nothing_has_a_mistake_for_every_field_without_a_default():
    assert ConsoleSettings.mistakes({}) == dict.fromkeys(GIVEN, "is empty")
