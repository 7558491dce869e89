"""The page keeps to the project's folders; a page that others reach does so without asking."""

import pytest

from textual_inversion.errors import SettingsError
from webui.folders.allowed import AllowedFolders, roots
from webui.folders.browsing import listing_html


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "home" / "datasets" / "cats").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("TI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.mark.parametrize("name", ["datasets/cats", "datasets/new", "", "  ", "samples/mammoth"])
@pytest.mark.parametrize("is_public", [True, False])
def test_the_projects_folders_are_not_asked_about(home, name, is_public):
    AllowedFolders(is_public=is_public).check(name)


def test_a_folder_outside_is_asked_about_once_with_all_below(home, tmp_path):
    allowed = AllowedFolders()
    with pytest.raises(SettingsError, match="lies outside of this project. Press once more"):
        allowed.check(str(tmp_path / "elsewhere"))
    allowed.check(str(tmp_path / "elsewhere"), str(tmp_path / "elsewhere" / "below"))
    with pytest.raises(SettingsError, match="Press once more"):
        allowed.check(str(tmp_path))


def test_a_page_that_others_reach_refuses_it_each_time(home, tmp_path):
    allowed = AllowedFolders(is_public=True)
    for _ in range(2):
        with pytest.raises(SettingsError, match="others can reach this page; choose a folder in"):
            allowed.check("datasets/cats", str(tmp_path / "elsewhere"))


@pytest.mark.parametrize("name", ["../elsewhere", "datasets/../../elsewhere", "link", "/etc"])
def test_no_name_leads_out_unasked(home, tmp_path, name):
    (home / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="lies outside of this project"):
        AllowedFolders(is_public=True).check(name)


def test_started_at_home_the_whole_home_is_not_the_projects(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    assert home / "datasets" in roots()
    assert home not in roots()


def test_browsing_shows_what_may_be_chosen_and_how_many_pictures(home, tmp_path):
    (home / "datasets" / "cats" / "a.png").touch()
    (home / "datasets" / "out").symlink_to(tmp_path / "elsewhere")
    drawn = listing_html("datasets", AllowedFolders())
    assert "Use its 1 picture<" in drawn
    assert "out" not in drawn.replace("button", "")
    with pytest.raises(SettingsError, match="lies outside of the folders to choose from"):
        listing_html(str(tmp_path), AllowedFolders())


def test_a_script_is_refused_on_a_page_for_others_and_asked_nothing_on_ones_own(home, tmp_path):
    outside = str(tmp_path / "elsewhere")
    AllowedFolders().refuse_foreign(outside)
    with pytest.raises(SettingsError, match="others can reach this page"):
        AllowedFolders(is_public=True).refuse_foreign("datasets/cats", outside)
