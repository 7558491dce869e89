"""Two runs that differ in one setting, with pictures."""

import pytest
from PIL import Image

from tests.runs.test_history import stepped, write
from textual_inversion.events import Evaluated, Finished, Previewed, Started
from textual_inversion.runs.past.finding import read_past


def make_run(log_dir, name, *, day="2026-01-01", steps=4, **settings):
    """Write a run of so many steps, with a preview after each two, and one without."""
    folder = log_dir / day / name
    (folder / "images").mkdir(parents=True)
    events = [Started(name, 0, steps, str(folder))]
    for step in range(1, steps + 1):
        events.append(stepped(step, 0.5 / step, float(step)))
        if step % 2 == 0:
            path = folder / "images" / f"{name}-{step}.png"
            Image.new("RGB", (8, 8), (40 * step % 255, 0, 0)).save(path)
            events.append(Previewed(step, str(path), "a cat"))
            events.append(Evaluated(step, 0.4 / step, 0, 0, 0))
    beside = folder / "images" / f"{name}-without.png"
    Image.new("RGB", (8, 8)).save(beside)
    write(
        folder,
        *events,
        Previewed(steps, str(beside), "a cat", True),
        Finished(steps, "finished"),
        **settings,
    )
    return folder


@pytest.fixture
def log_dir(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def pair(log_dir):
    """Two runs as they are read again."""
    cat = make_run(log_dir, "cat", max_steps=4)
    dog = make_run(log_dir, "dog", steps=6, max_steps=6)
    return [read_past(cat), read_past(dog)]
