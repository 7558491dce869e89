"""Folders and a training that the form's tests share."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def sample(home, pictures):
    """Three pictures where the trigger "cat" looks for them."""
    folder = home / "text-inversion-training-data" / "cat"
    folder.parent.mkdir()
    pictures.rename(folder)
    return folder


@pytest.fixture
def started(monkeypatch, home):
    """Record the settings that a training would be started with."""
    from commandline.console.launch import Training

    found = []

    def start(settings, root, given):
        found.append(settings)
        process = subprocess.Popen([sys.executable, "-c", ""])
        output = Path(settings.output_dir)
        (output / "console.log").write_text("ti: it failed\n")
        return Training(process, output, output / "logs", home / "nothing")

    monkeypatch.setattr(Training, "start", start)
    return found
