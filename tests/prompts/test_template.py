import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.prompts.template import list_templates, read_template
from textual_inversion.settings import TrainSettings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TI_HOME", str(tmp_path))
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


def test_the_default_template_ships_with_the_project():
    assert TrainSettings.model_fields["template"].default in list_templates()


@pytest.mark.parametrize("name", list_templates())
def test_every_shipped_template_can_be_used(name):
    lines = read_template(name)
    assert len(set(lines)) == len(lines)
    has_captions = {"[filewords]" in line for line in lines}
    assert has_captions == {"filewords" in name or name == "tags.txt"}


def test_a_template_is_found_by_name_with_or_without_its_extension(home):
    (home / "mine.txt").write_text("a [name]")
    assert read_template("mine.txt") == read_template("mine") == ("a [name]",)


def test_a_template_is_found_by_path(home, tmp_path):
    (tmp_path / "elsewhere.md").write_text("\ufeffa [name]", encoding="utf-8")
    assert read_template(str(tmp_path / "elsewhere.md")) == ("a [name]",)


def test_a_missing_template_is_answered_with_those_there_are(home):
    for name in ("b.txt", "A.txt", "note.md", ".c.txt"):
        (home / name).touch()
    with pytest.raises(SettingsError, match=r"no template 'x'; .*templates holds A\.txt, b\.txt\."):
        read_template("x")


@pytest.mark.parametrize("name", ["", " ", ".", "\0"])
def test_what_names_no_file_is_missing(home, name):
    with pytest.raises(SettingsError, match=r"^There is no template .* holds nothing\.$"):
        read_template(name)


def test_a_name_that_no_disk_takes_is_said(home):
    with pytest.raises(SettingsError, match=r"^Template x+ cannot be read: File name too long\.$"):
        read_template("x" * 300)


def test_a_picture_is_no_template(home):
    (home / "a.txt").write_bytes(b"\x89PNG\xff")
    with pytest.raises(SettingsError, match=r"^Template a\.txt is not plain text in UTF-8"):
        read_template("a.txt")
