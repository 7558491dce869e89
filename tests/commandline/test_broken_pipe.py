"""`ti ... | head`: whatever a command prints, it ends without a traceback when nobody reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "--help", "train --help", "status", "list", "captioners", "check pictures", "stop nothing",
    "preprocess pictures out", "preprocess pictures out2 --events json", "preprocess gone out",
)  # fmt: skip


@pytest.fixture
def folder(home):
    (home / "pictures").mkdir()
    for k in range(3):
        Image.new("RGB", (30, 20)).save(home / "pictures" / f"{k}.png")
    return home


def run(command, folder, *, errors_too=False):
    """Run a command whose output is closed before it says a word; give its code and errors."""
    with subprocess.Popen(
        [sys.executable, "-m", "textual_inversion", *command.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors_too else subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        process.stdout.close()
        errors = "" if errors_too else process.stderr.read().decode()
        return process.wait(60), errors


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_minds_that_nobody_reads(command, folder):
    code, errors = run(command, folder)
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    # argparse itself passes over a help that cannot be written.
    says_nothing = command in {"stop nothing", "preprocess gone out"}
    assert code == 1 if says_nothing else code == 141 or "--help" in command


@pytest.mark.slow
def test_errors_that_nobody_reads_are_no_trouble_either(folder):
    assert run("stop nothing", folder, errors_too=True)[0] in {1, 141}
