"""`ti console` without a terminal, without Textual, and what it loads."""

import importlib.util
import subprocess
import sys

import pytest

from commandline.main import main
from tests.commandline.terminals import at_a_terminal


@pytest.mark.parametrize("argv", [["console"], ["invokeai", "--gui"]])
def test_without_textual_one_sentence_names_the_command(argv, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(argv) == 2
    assert capsys.readouterr().err == (
        "ti: The console form needs Textual, which is not installed; run "
        'pip install "textual-inversion-webui[console]".\n'
    )


@pytest.mark.parametrize("argv", [["console"], ["invokeai", "--front_end"]])
def test_without_a_terminal_flags_are_named(argv, capsys):
    assert main(argv) == 2
    assert "needs a terminal" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_named(home, capsys):
    assert main(["console", "nobody"]) == 1
    assert 'There is no run "nobody"' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("argv", [["--help"], ["console", "--help"], ["invokeai", "--help"]])
def test_help_loads_no_textual(argv):
    code = (
        "import sys\nfrom commandline.main import main\n"
        f"try:\n    main({argv!r})\nexcept SystemExit:\n    pass\n"
        "print({'textual', 'textual_image', 'torch', 'yaml'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "set()"


@pytest.mark.slow
def test_the_form_opens_at_a_terminal_and_leaves_it_as_it_was(home):
    code = (
        "from commandline.console.app import ConsoleApp\n"
        "from pathlib import Path\n"
        "app = ConsoleApp({}, Path('runs'))\n"
        "app.run(auto_pilot=lambda pilot: pilot.press('escape'))\n"
        "print('left')\n"
    )
    rc, written = at_a_terminal(["-c", code], home)
    assert (rc, written.rstrip().endswith("left")) == (0, True)
    assert "\x1b[?1049h" in written
    assert "\x1b[?1049l" in written
