"""A base model of the Hub without a connection: the page answers in one sentence, on every tab."""

import html
import re
import time

import gradio as gr
import pytest
from markupsafe import Markup

from tests.models.downloads.slow_hub import IN_MB, IN_PERCENT, NAME, add_slow_model
from textual_inversion.jobs.runner import Runner
from webui.page import build
from webui.views.status import status_html

CLOSED = "http://127.0.0.1:9"
SENTENCE = re.compile(
    r'The base model "owner/model" is not on this machine \(neither under models/ nor in \S+\) and '
    r"cannot be downloaded from http://127\.0\.0\.1:9 \(.*refused\); go online and check the name, "
    r"or choose one that is here, such as models/pocket\."
)


@pytest.fixture
def runner(home, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", CLOSED)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    runner = Runner()
    yield runner
    runner.close(10)


def press(page, button, *, model, **typed):
    """Press a button of the drawn page, with a base model and values in the tab's fields."""
    (place,) = (block for block in page.blocks.values() if block.elem_id == button)
    event = next(e for e in page.fns.values() if (place._id, "click") in e.targets)
    tab = button.split("-")[0]
    named = {f"{tab}-{name}": value for name, value in typed.items()} | {"base-model": model}
    fields = [field for field in event.inputs if not isinstance(field, gr.State)]
    return event.fn(*(named.get(field.elem_id, field.value) for field in fields))


def status_of(runner, kind):
    """Draw the job's status line."""
    return html.unescape(status_html(runner.run(kind), idle=""))


@pytest.mark.slow
def test_create_answers_what_was_looked_for_where_and_what_to_do(runner):
    with pytest.raises(gr.Error) as told:
        list(press(build(runner), "create-start-button", name="new-x", model="owner/model"))
    assert SENTENCE.fullmatch(Markup(told.value.message).striptags())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("train", {"embedding": "cat-x", "dataset_dir": "pictures"}),
        ("generate", {"prompt": "a photo of cat-x"}),
    ],
)
def test_a_job_answers_in_its_status_line(cat, runner, kind, typed):
    press(build(runner), f"{kind}-start-button", **typed, model="owner/model")
    runner.join(kind, 60)
    assert runner.run(kind).state == "failed"
    assert SENTENCE.fullmatch(runner.run(kind).message)
    assert SENTENCE.search(status_of(runner, kind))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("train", {"embedding": "cat-x", "dataset_dir": "pictures", "max_steps": 1}),
        ("generate", {"prompt": "a photo of cat-x", "steps": 1}),
    ],
)
def test_a_job_tells_how_much_of_its_model_has_come(cat, hub, stacks, kind, typed):
    go_on, runner = add_slow_model(hub, stacks["sd1"]), Runner()
    press(build(runner), f"{kind}-start-button", **typed, model=NAME)
    deadline = time.monotonic() + 30
    while not re.search(f"Loading base model {NAME} {IN_PERCENT}", status_of(runner, kind)):
        assert time.monotonic() < deadline, status_of(runner, kind)
        time.sleep(0.05)
    go_on.set()
    runner.join(kind, 60)
    assert runner.run(kind).state == "finished", runner.run(kind).message
    runner.close(10)


@pytest.mark.slow
def test_create_tells_how_much_of_its_model_has_come(home, hub, stacks):
    go_on, said = add_slow_model(hub, stacks["sd1"]), []
    runner = Runner()
    for drawn in press(build(runner), "create-start-button", name="new-x", model=NAME):
        said.append(Markup(drawn).striptags())
        if re.fullmatch(f"Downloading {NAME}: {IN_MB} ...", said[-1]):
            go_on.set()
    assert go_on.is_set(), said
    assert said[-1].startswith("Created")
    assert (home / "embeddings" / "new-x.pt").is_file()
    runner.close(10)
