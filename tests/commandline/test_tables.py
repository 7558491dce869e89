"""Listings at a real terminal, and in a pipe."""

import json
import re
import subprocess
import sys

import pytest

from commandline.main import main
from tests.commandline.terminals import ROOT, at_a_terminal, screen
from tests.runs.test_history import stepped, write
from textual_inversion.events import Started
from textual_inversion.jobs.queue import Queue
from textual_inversion.settings import TrainSettings

NAME = "[red]a-name-far-longer-than-a-column-of-a-table-is-wide"
COMMAND = ["-m", "textual_inversion"]
needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")


@pytest.fixture
def listed(home):
    """One run with a long name that reads like markup, and one waiting training."""
    folder = home / "runs" / "2026-01-01" / NAME
    write(folder, Started(NAME, 0, 9, str(folder)), stepped(3, 0.5, 6.0))
    (home / "embeddings" / f"{NAME}.pt").write_bytes(b"no embedding")
    Queue().add(TrainSettings(embedding="dog", dataset_dir="pictures"))
    return home


@pytest.mark.slow
@needs_pty
@pytest.mark.parametrize(("command", "title"), [("status", "RUN"), ("list", "NAME")])
def test_a_table_at_a_narrow_terminal_cuts_no_name(listed, command, title):
    code, written = at_a_terminal([*COMMAND, command], listed, columns=70)
    lines = screen(written)
    assert code == 0
    assert lines[0].split()[0] == title
    assert "…" not in written
    assert all(len(line) <= 70 for line in lines)
    width = lines[0].index(lines[0].split()[1])
    assert NAME in "".join(line[:width].strip() for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["status", "list"])
def test_a_listing_in_a_pipe_is_plain_and_whole(listed, command):
    done = subprocess.run(
        [sys.executable, *COMMAND, command],
        capture_output=True,
        text=True,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "COLUMNS": "20", "FORCE_COLOR": "1"},
        cwd=listed,
        check=True,
    )
    assert "\x1b" not in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("[red]")]
    assert line.startswith(f"{NAME} ")
    if command == "status":
        assert line.split()[1:4] == ["killed", "3/9", "0.5000"]
        assert "queue 1: dog waiting" in done.stdout.splitlines()


def test_a_name_that_steers_a_terminal_is_escaped(home, capsys):
    folder = home / "runs" / "2026-01-01" / "x"
    write(folder, Started("x\x1b[31m\n\u202ey", 0, 9, str(folder)), stepped(3, 0.5, 6.0))
    assert main(["status"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split()[0] == "x\\x1b[31m\\n\\u202ey"


@pytest.mark.slow
@needs_pty
def test_no_color_has_no_color(listed):
    colors = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    _, written = at_a_terminal([*COMMAND, "status"], listed)
    assert colors.search(written)  # the state of a run that was killed
    _, written = at_a_terminal([*COMMAND, "status"], listed, NO_COLOR="1")
    assert not colors.search(written)


@pytest.mark.parametrize("command", ["list", "captioners", "status"])
def test_every_listing_is_json_where_asked(listed, capsys, command):
    assert main([command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert NAME in json.dumps(found) or command == "captioners"
    assert found
