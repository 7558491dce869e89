"""A run that goes on shows its earlier sittings too."""

import subprocess
import sys
import threading

import pytest

from tests.cats import settings
from textual_inversion.events import Finished, Sampled
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.history import RunHistory
from textual_inversion.runs.state import read_run
from webui.jobs import steady, training, warm


def shown(cat, **changes):
    """Train as the page does, and return what it shows."""
    runner = Runner()
    run = runner.start("train", training(settings(cat, **changes)))
    runner.join("train")
    return run


@pytest.mark.slow
def test_a_run_that_goes_on_shows_its_whole_past(home, cat):
    chosen = {"evaluate_every": 1, "convergence_window": 4, "learning_rate": "1e-9:2"}
    first = shown(cat, **chosen, save_image_every=6, max_steps=12)
    second = shown(cat, **chosen, save_image_every=6, max_steps=13)
    assert first.converged_step is not None
    assert second.converged_step == first.converged_step
    assert second.measured[0] == first.measured[0]
    assert second.previews[:-1] == first.previews
    assert set(first.warnings) < set(second.warnings)
    assert [step for step, *_ in second.losses] == list(range(1, 14))


@pytest.mark.slow
def test_the_page_and_the_run_folder_show_the_same(home, cat):
    chosen = {"evaluate_every": 1, "learning_rate": "0.005:2", "checkpoint_every": 1}
    shown(cat, **chosen, max_steps=3)
    live = shown(cat, **chosen, max_steps=5)
    (folder,) = (home / "runs").glob("*/cat-x")
    kept, row = read_run(folder), RunHistory(home / "runs").rows()[0]
    for name in ("state", "step", "losses", "evaluations", "measured", "last_saved", "best_path"):
        assert getattr(kept, name) == getattr(live, name)
    assert sorted(kept.warnings) == sorted(live.warnings)
    assert len(kept.warnings) == 2  # of either sitting's schedule
    assert (row.state, row.step, row.loss) == (live.state, live.step, live.losses[-1][1])


def test_the_last_view_of_a_picture_stays_until_the_next():
    seen = [
        Sampled(1, 3, "data:a"),
        Sampled(2, 3),
        Sampled(3, 3, "data:b"),
        Finished(3, "finished"),
    ]
    kept = [Sampled(1, 3, "data:a"), Sampled(2, 3, "data:a"), *seen[2:]]
    assert list(steady(iter(seen))) == kept


@pytest.mark.slow
def test_threads_that_meet_at_the_heavy_imports_all_get_through():
    device, given = DeviceLock(), []
    threads = [threading.Thread(target=lambda: given.append(warm(device))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == [None] * 4


@pytest.mark.slow
def test_the_page_is_built_before_torch_is_imported():
    code = (
        "import sys; from textual_inversion.jobs.runner import Runner; "
        "from webui.page import build; import webui.server; build(Runner()); "
        "print([name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
