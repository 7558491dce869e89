import gradio as gr
import pytest

from textual_inversion.jobs.queue import Queue
from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.settings import GenerateSettings, TrainSettings
from webui.form import draw_form
from webui.tabs.requests import _add, preview_values, taken_words
from webui.train.resuming import CONTINUE, ResumeChoice


def generate_form(**changes):
    return GenerateSettings(prompt="a <cat> on <dog>", **changes).model_dump()


def test_previews_take_what_the_generate_tab_says():
    values = preview_values(
        generate_form(sampler="Euler", steps=9, cfg_scale=3.5, width=64, num_images=40, seed=7),
        "cat",
    )
    assert values["preview_prompt"] == "a [name] on <dog>"
    taken = {path: values[f"preview_{path}"] for path in ("sampler", "steps", "cfg_scale", "width")}
    assert taken == {"sampler": "Euler", "steps": 9, "cfg_scale": 3.5, "width": 64}
    assert (values["preview_images"], values["preview_seed"]) == (16, 7)


def test_a_new_seed_each_time_is_not_taken():
    assert "preview_seed" not in preview_values(generate_form(), "cat")
    assert "preview_output" not in preview_values(generate_form(), "cat")


@pytest.mark.slow
def test_what_was_taken_is_said_by_the_labels_of_the_fields():
    with gr.Blocks():
        form = draw_form("train", TrainSettings)
    said = taken_words(form, {"preview_steps": 9, "preview_sampler": "Euler"})
    assert said == "Taken from Generate: Preview sampling steps, Preview sampler."
    assert "Previews and saving" in form.groups


@pytest.mark.slow
def test_the_same_training_is_queued_once(home):
    worker = QueueWorker(Runner(), Queue(), lambda settings: None)
    worker.wake = lambda: None
    with gr.Blocks():
        resuming = ResumeChoice(draw_form("train", TrainSettings, initial={"embedding": "cat"}))
    values = [*(resuming.form.initial | {"dataset_dir": "cats"}).values(), CONTINUE]
    _add(worker, resuming, tuple(values))
    with pytest.raises(gr.Error, match="same training of cat waits or works already"):
        _add(worker, resuming, tuple(values))
    assert len(worker.queue.waiting()) == 1
