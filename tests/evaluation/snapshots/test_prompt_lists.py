import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.evaluation.snapshots.prompt_lists import LISTS, read_prompts


@pytest.mark.parametrize(("name", "count"), [("objects", 25), ("live", 25), ("simple", 12)])
def test_each_list_has_different_prompts_with_a_place_for_the_name(name, count):
    prompts = read_prompts(name, 0)
    assert len(set(prompts)) == count
    assert set(LISTS) == {"objects", "live", "simple"}
    assert all(prompt.count("[name]") == 1 for prompt in prompts)


def test_some_prompts_are_chosen_evenly_with_the_first_and_the_last():
    prompts = read_prompts("live", 0)
    assert read_prompts("Live", 3) == (prompts[0], prompts[12], prompts[24])


def test_a_file_of_one_s_own_is_read(tmp_path):
    (tmp_path / "mine.txt").write_text("# two\na [name] here\n\na [name] there\n")
    assert read_prompts(str(tmp_path / "mine.txt"), 0) == ("a [name] here", "a [name] there")


def test_what_is_wrong_with_prompts_is_said(tmp_path):
    with pytest.raises(SettingsError, match="none of objects, live, simple, and cannot be"):
        read_prompts("things", 0)
    with pytest.raises(SettingsError, match="only one prompt"):
        read_prompts("objects", 1)
    (tmp_path / "mine.txt").write_text("a [name] here\na dog\n")
    with pytest.raises(SettingsError, match=r"Line 2 of mine.txt has no \[name\]"):
        read_prompts(str(tmp_path / "mine.txt"), 0)
