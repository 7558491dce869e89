"""What a browser says of its uploads is checked, and named by what came."""

from pathlib import Path

import pytest

from preprocessing.files.received import Received
from textual_inversion.errors import DatasetError
from webui.folders.uploads import Waiting, forget, free_name, set_name, uploaded


@pytest.fixture
def arrived(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    path = tmp_path / ("0" * 64) / "a.png"
    path.parent.mkdir()
    path.write_bytes(b"x")
    return path


def test_uploaded_files_are_taken_and_forgotten(arrived):
    received = uploaded([[str(arrived), "cats/a.png"]])
    assert received == [Received(arrived, "cats/a.png")]
    forget(received)
    assert not arrived.parent.exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "{root}/pictures/a.png", "{file}/../../b", "", 3])
def test_a_page_cannot_name_any_other_file(arrived, name):
    path = str(name).format(root=arrived.parents[1], file=arrived)
    (arrived.parents[1] / "pictures").mkdir()
    (arrived.parents[1] / "pictures" / "a.png").touch()
    with pytest.raises(DatasetError, match="did not arrive; add them again"):
        uploaded([[str(arrived), "a.png"], [path, "b.png"]])


@pytest.mark.parametrize("nothing", [None, [], "text", [["only a path"]], [3]])
def test_nothing_is_one_sentence(nothing):
    with pytest.raises(DatasetError, match="did not arrive"):
        uploaded(nothing)


@pytest.mark.parametrize(
    ("typed", "names", "name"),
    [
        ("my cats", ["a.png"], "my cats"),
        ("../up", ["a.png"], "_up"),
        ("", ["cats/a.png", "cats/b/c.png"], "cats"),
        ("", ["cats.zip"], "cats"),
        ("", ["a.png", "b.png"], "pictures"),
        ("", ["cats/a.png", "dogs/a.png"], "pictures"),
        ("..", ["../a.png"], "pictures"),
    ],
)
def test_a_set_has_the_name_of_what_came(typed, names, name):
    assert set_name(typed, [Received(Path(one), one) for one in names]) == name


def test_a_new_set_gets_the_next_number(tmp_path, monkeypatch):
    monkeypatch.setenv("TI_HOME", str(tmp_path))
    (tmp_path / "datasets" / "cats-2").mkdir(parents=True)
    assert free_name("cats") == "cats-3"


def test_an_answer_that_comes_twice_or_too_late_is_one_sentence(arrived):
    waiting = Waiting()
    token = waiting.keep(uploaded([[str(arrived), "a.png"]]), "cats")
    assert waiting.take(token)[1] == "cats"
    with pytest.raises(DatasetError, match="not here any more; add them again"):
        waiting.take(token)
