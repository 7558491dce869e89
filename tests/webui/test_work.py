"""A run that goes on shows its earlier sittings too."""

import json
import threading

import pytest

from textual_inversion.control import Turnstile
from textual_inversion.events import Finished, Previewed, Sampled, Started, Stepped, to_dict
from textual_inversion.runview import Run
from webui.work import earlier, steady, warm


def keep(folder, *events):
    lines = [json.dumps(to_dict(event)) for event in events]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")


def test_a_new_run_has_no_earlier_sittings(tmp_path):
    assert list(earlier(tmp_path)) == []


def test_losses_and_previews_come_back_up_to_the_step_where_it_goes_on(tmp_path):
    steps = [Stepped(step, 9, step / 10, 0.005, 0.1) for step in (1, 2, 3)]
    preview = Previewed(2, "2.png", "a cat")
    again = Started("cat", 2, 20, str(tmp_path))
    keep(tmp_path, Started("cat", 0, 9), *steps, preview, Finished(3, "stopped"), again)
    run = Run(kind="train")
    for event in [*earlier(tmp_path), again]:
        run.apply(event)
    assert run.losses == [(1, 0.1, 0.005), (2, 0.2, 0.005)]
    assert (run.previews, run.step, run.state) == ([preview], 2, "running")


def test_the_last_view_of_a_picture_stays_until_the_next():
    seen = [Sampled(1, 3, "data:a"), Sampled(2, 3), Sampled(3, 3, "data:b"), Finished(3, "done")]
    kept = [Sampled(1, 3, "data:a"), Sampled(2, 3, "data:a"), *seen[2:]]
    assert list(steady(iter(seen))) == kept


@pytest.mark.slow
def test_threads_that_meet_at_the_heavy_imports_all_get_through():
    device, given = Turnstile(), []
    threads = [threading.Thread(target=lambda: given.append(warm(device))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == [None] * 4
