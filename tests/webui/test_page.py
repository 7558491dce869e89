"""The whole page can be drawn, with ids that are its own and nothing open that need not be."""

from collections import Counter

import gradio as gr
import pytest
from gradio.components import FormComponent

from textual_inversion.jobs.runner import Runner
from webui.page import build

# Events that come by themselves, or while one types.
UNASKED = {"load", "tick", "change", "input", "select", "blur"}


@pytest.fixture(scope="module")
def page():
    return build(Runner())


def test_every_id_is_used_once(page):
    ids = Counter(block.elem_id for block in page.blocks.values() if block.elem_id)
    assert [name for name, count in ids.items() if count > 1] == []


def test_few_controls_let_files_in_and_none_keeps_a_session_alive(page):
    takers = {"File", "UploadButton", "Image", "ImageEditor", "State", "FileExplorer"}
    drawn = [block for block in page.blocks.values() if type(block).__name__ in takers]
    found = [block.elem_id for block in drawn if getattr(block, "interactive", None) is not False]
    assert sorted(found) == ["generate-canvas", "generate-read-picture", "library-drop"]
    assert all(event.targets[0][1] != "unload" for event in page.fns.values() if event.targets)


def test_the_base_model_is_one_field_that_every_job_reads(page):
    fields = [b for b in page.blocks.values() if isinstance(b, FormComponent)]
    (model,) = [field for field in fields if field.label == "Base model"]
    ids = {block.elem_id: block for block in page.blocks.values()}
    for job in ("create", "preprocess", "check", "train", "generate"):
        start = ids[f"{job}-start-button"]
        clicks = [e for e in page.fns.values() if (start._id, "click") in e.targets and e.fn]
        assert [model in event.inputs for event in clicks] == [True], job


def test_no_server_answers_into_a_field_that_somebody_may_be_typing_in(page):
    typed_in = (gr.Textbox, gr.Number, gr.Slider)
    unasked = [
        event
        for event in page.fns.values()
        if event.fn is not None and {name for _, name in event.targets} & UNASKED
    ]
    shown = [out for event in unasked for out in event.outputs if out.visible is True]
    filled = {out.elem_id for out in shown if isinstance(out, typed_in)}
    # A filter closes the caption that is open.
    assert filled <= {"captions-caption"}


def test_only_the_named_endpoints_are_offered_as_an_api(page):
    public = [event.api_name for event in page.fns.values() if event.api_visibility != "private"]
    asked = ["create", "preprocess", "train", "generate", "status", "stop", "upload", "download"]
    assert public == asked


def test_galleries_only_show(page):
    galleries = [b for b in page.blocks.values() if type(b).__name__ == "Gallery"]
    assert len(galleries) == 2
    inputs = {block for event in page.fns.values() for block in event.inputs}
    assert not inputs & set(galleries)


def test_what_goes_off_by_itself_leaves_little_to_renew(page):
    unasked = [
        event
        for event in page.fns.values()
        if event.fn is not None and {name for _, name in event.targets} & {"load", "change", "tick"}
    ]
    assert len(unasked) >= 6
    assert max(len(event.inputs) for event in unasked) <= 11  # a stored value for each form
    assert len({id(shown) for event in unasked for shown in event.show_progress_on}) == 1


def test_the_page_comes_filled_in_with_the_sample_pictures(page):
    ids = {block.elem_id: block for block in page.blocks.values()}
    assert ids["train-dataset_dir"].value.endswith("samples/mammoth")


def test_news_draw_every_part_of_their_group(page):
    draws = [event for event in page.fns.values() if getattr(event.fn, "__name__", "") == "draw"]
    assert len(draws) == 4
    drawn = [event.fn({}) for event in draws]
    assert [len(values) for values in drawn] == [len(event.outputs) for event in draws]


def test_what_changes_with_every_step_is_drawn_without_an_event(page):
    blocks = page.blocks.values()
    direct = {block._id: block for block in blocks if "Listener('ti-draw'" in scripts(block)}
    (poll,) = (block for block in blocks if "server.look" in scripts(block))
    ids = [block.elem_id for block in direct.values()]
    assert {"badge", "train-status-line", "train-loss-chart", "runs-table"} <= set(ids)
    assert sorted(poll.props["ids"]) == sorted(ids)
    assert all(block.apply_default_css for block in direct.values())  # polling.js looks for .prose
    used = {block._id for event in page.fns.values() for block in (*event.inputs, *event.outputs)}
    heard = {id_ for event in page.fns.values() for id_, name in event.targets if name == "change"}
    assert not (used | heard) & set(direct)
    drawn = poll.look({"seen": dict.fromkeys(ids, ""), "page": "a"})["html"]
    assert all("ti-status" in drawn[id_][1] for id_ in ids if id_.endswith("status-line"))


def scripts(block):
    return getattr(block, "js_on_load", None) or ""
