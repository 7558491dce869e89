import json
import zipfile

import pytest

from commandline.main import main
from tests.runs.past.conftest import make_run
from textual_inversion.runs.folder import run_folders


@pytest.fixture
def runs(home):
    make_run(home / "runs", "cat", max_steps=4)
    make_run(home / "runs", "dog", max_steps=6)
    return home


def test_two_runs_are_compared_in_lines(runs, capsys):
    assert main(["compare", "cat", "dog"]) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    said = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert said[0] == ["2026-01-01/cat", "2026-01-01/dog"]
    assert ["State", "finished", "finished"] in said
    assert said[-1] == ["Max steps", "4", "6"]


def test_a_comparison_is_json_where_asked(runs, capsys):
    assert main(["compare", "cat", "dog", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == ["2026-01-01/cat", "2026-01-01/dog"]
    assert told["settings"] == {"Max steps": ["4", "6"]}


def test_a_report_and_a_zip_are_written_where_they_are_asked_for(runs, capsys):
    assert main(["report", "cat", "dog", "--output", "out/both.html"]) == 0
    assert main(["zip", "dog"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Written: out/both.html", "Written: 2026-01-01-dog.zip",
    ]  # fmt: skip
    assert "data:image/webp" in (runs / "out" / "both.html").read_text()
    assert zipfile.is_zipfile(runs / "2026-01-01-dog.zip")


@pytest.mark.parametrize("command", ["report", "zip"])
def test_a_file_that_is_there_is_overwritten_on_demand_only(runs, capsys, command):
    kept = runs / "kept"
    kept.write_text("mine")
    assert main([command, "cat", "--output", "kept"]) == 2
    assert (
        "kept exists already; choose another --output, or add --force." in capsys.readouterr().err
    )
    assert kept.read_text() == "mine"
    assert main([command, "cat", "--output", "kept", "--force"]) == 0
    assert kept.read_bytes() != b"mine"


def test_runs_are_deleted_and_put_back(runs, capsys):
    assert main(["delete-run", "cat", "dog"]) == 0
    assert main(["undelete-run", "--list"]) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()[-2:]] == [
        "2026-01-01/dog", "2026-01-01/cat",
    ]  # fmt: skip
    assert main(["undelete-run", "2026-01-01/cat"]) == 0
    assert [folder.name for folder in run_folders(runs / "runs")] == ["cat"]


def test_a_run_that_is_not_there_is_one_sentence(runs, capsys):
    assert main(["report", "cow"]) == 1
    assert 'ti: There is no run "cow"' in capsys.readouterr().err
