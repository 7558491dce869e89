import dataclasses

from tests.runs.past.conftest import make_run
from textual_inversion.runs.past.comparison import fact_rows, preview_rows, setting_rows
from textual_inversion.runs.past.finding import read_past


def test_only_what_differs_is_listed_of_two(pair):
    assert setting_rows(pair) == [("Max steps", ["4", "6"])]


def test_of_one_what_is_not_the_default_is_listed(pair):
    rows = dict(setting_rows(pair[:1]))
    assert rows == {"Embedding": ["cat"], "Dataset directory": ["pictures"], "Max steps": ["4"]}


def test_what_came_of_runs_stands_side_by_side(pair):
    rows = dict(fact_rows(pair))
    assert rows["Step"] == ["4 of 9", "6 of 9"]
    assert rows["State"] == ["finished", "finished"]
    assert "Speed" not in rows


def test_previews_of_a_step_stand_in_one_row(pair):
    rows = [
        (row.label, [[p.name for p in paths] for paths in row.pictures])
        for row in preview_rows(pair)
    ]
    assert rows == [
        ("without", [["cat-without.png"], ["dog-without.png"]]),
        ("step 2", [["cat-2.png"], ["dog-2.png"]]),
        ("step 4", [["cat-4.png"], ["dog-4.png"]]),
        ("step 6", [[], ["dog-6.png"]]),
    ]


def test_previews_of_the_first_vectors_are_called_start(log_dir):
    runs = [
        read_past(make_run(log_dir, "cat", preview_beside="start")),
        read_past(make_run(log_dir, "dog")),
    ]
    assert preview_rows(runs[:1])[0].label == "start"
    assert preview_rows(runs)[0].label == "start or without"


def test_a_folder_called_by_two_names_is_no_difference(pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    settings = pair[0].settings | {"dataset_dir": str(tmp_path / "pictures")}
    assert setting_rows([pair[0], dataclasses.replace(pair[0], settings=settings)]) == []
