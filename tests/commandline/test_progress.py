"""A job's progress at a real terminal, and in a pipe."""

import os
import re
import subprocess
import sys

import pytest

from tests.commandline.terminals import ROOT, at_a_terminal, screen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")

SHOWN = """
import sys, time
from commandline.terminal import Printer
from textual_inversion.events import Finished, Progressed, Started, Warned
with Printer(kind="preprocess") as printer:
    printer.show(Started("in", 0, 3, "out"))
    printer.show(Progressed(1, 3, "out/0.png", "in/0.png", 2))
    time.sleep(0.2)
    printer.show(Progressed(2, 3, "out/1.png", "in/1.png", 2))
    printer.show(Warned("[red]x" + chr(27) + "[31m is a picture with a " + 15 * "long " + "name."))
    print("a library's own words", file=sys.stderr)
    if sys.argv[1:]:
        raise KeyboardInterrupt
    printer.show(Progressed(3, 3, "out/2.png", "in/2.png", 2))
    printer.show(Finished(6, "finished", "out"))
"""
NOTE = "Note: [red]x\\x1b[31m is a picture with a " + 15 * "long " + "name."
COLOUR = re.compile(r"\x1b\[[0-9;]*\b[34][0-8](;[0-9;]*)?m")


def piped(cwd, **environment):
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-c", SHOWN], capture_output=True, text=True, env=env, cwd=cwd, check=True
    )


@pytest.mark.slow
def test_a_warning_stands_above_the_bar_which_goes_on(tmp_path):
    code, written = at_a_terminal(["-c", SHOWN], tmp_path)
    lines = screen(written)
    assert code == 0
    assert lines[:3] == ["in: 3 pictures, to be written to out", NOTE, "a library's own words"]
    assert re.fullmatch(r"pictures ━{24} 3/3 \d+\.\d\d/s", lines[3])
    assert lines[4:] == ["Finished: 3 pictures, 6 files in out"]
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


@pytest.mark.slow
def test_the_bar_shows_the_time_left_on_its_way(tmp_path):
    _, written = at_a_terminal(["-c", SHOWN], tmp_path)
    seen = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert re.search(r"pictures [━╸╺]+ 2/3 \d+\.\d\d/s  \d+ s left\b", seen)


@pytest.mark.slow
@pytest.mark.parametrize("no_color", [{}, {"NO_COLOR": "1"}])
def test_no_color_is_respected(tmp_path, no_color):
    _, written = at_a_terminal(["-c", SHOWN], tmp_path, **no_color)
    assert bool(COLOUR.search(written)) == (not no_color)


@pytest.mark.slow
def test_an_interrupt_gives_the_cursor_back(tmp_path):
    code, written = at_a_terminal(["-c", SHOWN, "interrupt"], tmp_path)
    assert code != 0
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert "2/3" in screen(written)[3]


@pytest.mark.slow
def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(tmp_path):
    _, written = at_a_terminal(["-c", SHOWN], tmp_path, TERM="dumb")
    assert "\x1b" not in written
    assert written.splitlines()[-1] == "Finished: 3 pictures, 6 files in out"


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1", "COLUMNS": "20"}])
def test_a_pipe_gets_plain_whole_lines(tmp_path, environment):
    done = piped(tmp_path, **environment)
    first, item, note, last_item, end = done.stdout.splitlines()
    assert (first, note) == ("in: 3 pictures, to be written to out", NOTE)
    assert re.fullmatch(r"1/3  \d+\.\d\d/s  \d+ s left  out/0.png", item)
    assert re.fullmatch(r"3/3  \d+\.\d\d/s  out/2.png", last_item)
    assert end == "Finished: 3 pictures, 6 files in out"
    assert done.stderr == "a library's own words\n"


STUCK = """
import os, signal, time
from commandline import interrupts
from commandline.terminal import Printer
from textual_inversion.events import Progressed, Started
interrupts.GRACE_SECONDS = 0.3
interrupts.on_interrupt(lambda: None)
with Printer(kind="preprocess") as printer:
    printer.show(Started("in", 0, 3, "out"))
    printer.show(Progressed(1, 3, "out/0.png", "in/0.png"))
    os.kill(os.getpid(), signal.SIGTERM)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(9)
    except KeyboardInterrupt:
        time.sleep(9)
"""


@pytest.mark.slow
def test_a_job_that_is_ended_at_once_gives_the_cursor_back_too(tmp_path):
    code, written = at_a_terminal(["-c", STUCK], tmp_path)
    assert code == 130
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert "ended at once" in screen(written)[-1]
