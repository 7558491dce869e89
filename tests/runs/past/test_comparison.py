import dataclasses

from textual_inversion.runs.past.comparison import fact_rows, preview_rows, setting_rows, thin


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


def test_of_many_steps_the_first_and_the_last_stay():
    chosen = thin(range(0, 1000, 5))
    assert (len(chosen), chosen[0], chosen[-1]) == (24, 0, 995)
    assert chosen == sorted(set(chosen))


def test_a_folder_called_by_two_names_is_no_difference(pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    settings = pair[0].settings | {"dataset_dir": str(tmp_path / "pictures")}
    assert setting_rows([pair[0], dataclasses.replace(pair[0], settings=settings)]) == []
