"""Only templates write tags, and what users and files have named is text in every view."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import gradio as gr
import pytest
from jinja2 import UndefinedError
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import webui
from preprocessing.captions.drafts import open_draft
from preprocessing.checks.image_checks import Finding
from preprocessing.checks.report import PictureCaption, Report
from textual_inversion.embeddings.library import Entry
from textual_inversion.errors import TextualInversionError
from textual_inversion.events import Measured, Saved, Started, Stepped, Warned
from textual_inversion.jobs.queue import Ticket
from textual_inversion.runs.history import Row
from textual_inversion.runs.past.finding import PastRun
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from webui import html, layout
from webui.caption_editor.rendering import View, grid_html, summary_html, tags_html
from webui.charts import svg
from webui.charts.vectors_table import vectors_html
from webui.generate import live
from webui.runs.opened import opened_html
from webui.tabs import train
from webui.views.report import Results, estimate_html, report_html
from webui.views.runs_table import queue_html, runs_html
from webui.views.status import badge_html, facts_html, status_html, warnings_html
from webui.views.working import working, working_html

WEBUI = Path(webui.__file__).parent
TAG = re.compile(r"</?[A-Za-z!]|&(lt|gt|amp|quot|#\d+);")
# A file name cannot hold a slash, nor a tag a comma.
HOSTILE = """"><script>alert('x')<script>{{7*7}}{% raw %}&lt;"""
# `<name>` is how prompts call an embedding.
NO_MARKUP = {
    "Write the new word in a prompt as <name> or just name, several words if you like.",
}


class Drawn(HTMLParser):
    """What a browser makes of HTML: its tags, its text, and the values of attributes."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.text, self.values = set(), "", []
        # Whatever is added to a Markup would be escaped once more.
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.values += [value for _, value in attributes]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of a hostile name with a picture, its caption and its infotext alike."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    folder = tmp_path / HOSTILE
    folder.mkdir()
    info = PngInfo()
    info.add_text("parameters", HOSTILE)
    Image.new("RGB", (8, 8)).save(folder / f"{HOSTILE}.png", pnginfo=info)
    (folder / f"{HOSTILE}.txt").write_text(HOSTILE)
    return folder


@pytest.fixture
def run(folder):
    run = Run(kind="train")
    run.apply(Started(HOSTILE, 0, 9, HOSTILE))
    run.apply(Stepped(1, 9, 0.1, 0.1, 0.1, caption=HOSTILE))
    run.apply(Measured(1, (0.5,), 0.5, (HOSTILE,), (1.0,), (0.0,)))
    run.apply(Saved(1, "embedding", HOSTILE))
    run.apply(Warned(HOSTILE))
    run.live_preview = f"data:image/{HOSTILE}"
    run.files = [str(folder / f"{HOSTILE}.png")]
    return run


def report(run):
    folder = Path(run.files[0]).parent
    findings = (Finding("size", HOSTILE, (Path(run.files[0]),)),)
    picture_captions = (PictureCaption(Path(run.files[0]), HOSTILE, from_name=False),)
    seen = Report(folder, 8, 8, 1, 1, (), (), findings, picture_captions)
    return report_html(Run("check", state="finished"), Results(seen))


def runs(_):
    row = Row(Path("day", HOSTILE), HOSTILE, "failed", 1, 9, 0.1, 0.1, 1, None, HOSTILE, {}, True)
    other = Row(Path("a/b"), "b", "stopped", 1, 9, 1, 1, 1, None, "", {"template": HOSTILE}, True)
    return runs_html([row, other])


def queue(_):
    settings = TrainSettings(embedding="cat", dataset_dir="pictures")
    failed = Ticket(Path(f"1-{HOSTILE}.failed"), "failed", settings, HOSTILE)
    return queue_html([failed, Ticket(Path(f"2-x{HOSTILE}"), "failed", None)], is_worked=False)


def captions(draw):
    return lambda run: draw(open_draft(Path(run.files[0]).parent))


VIEWS = {
    "status": lambda run: status_html(run, idle=""),
    "idle": lambda _: status_html(None, idle=HOSTILE),
    "badge": badge_html,
    "facts": facts_html,
    "warnings": warnings_html,
    "queue": queue,
    "runs": runs,
    "working": lambda run: working_html(working([], Run("train", name=HOSTILE))),
    "opened": lambda run: opened_html([PastRun(Path("day", HOSTILE), run)], [HOSTILE]),
    "report": report,
    "estimate": lambda _: estimate_html(Run("probe", state="finished"), Results(None, HOSTILE)),
    "vectors": vectors_html,
    "plot": lambda _: svg.plot(
        svg.Axes(0, 1, 0, 1), [], label=HOSTILE, height_px=9, hover_texts=[(0, HOSTILE)]
    ),
    "legend": lambda _: svg.legend({"raw": HOSTILE}, note=HOSTILE),
    "summary": captions(lambda draft: summary_html(draft, View())),
    "grid": captions(lambda draft: grid_html(draft, View(), lambda _: None)),
    "tags": captions(tags_html),
    "created": lambda _: html.render("tabs/created", name=HOSTILE, path=HOSTILE),
    "curve": lambda _: train._curve({"dataset_dir": "x", "learning_rate": HOSTILE}),
    "command": lambda _: train._command({"embedding": "cat", "dataset_dir": HOSTILE}),
    "preview": live.live_preview,
    "infotext": lambda run: live.info_html(live.first_shown(run)),
    "names": lambda _: html.render("generate/embedding_names", entries=[Entry(HOSTILE, Path())]),
    "paragraph": lambda _: html.paragraph(HOSTILE, style="wrong"),
    "heading": lambda _: html.render("heading", text=HOSTILE),
}


@pytest.mark.parametrize("view", VIEWS)
def test_what_users_and_files_name_is_text(view, run):
    drawn = Drawn(VIEWS[view](run))
    assert drawn.tags
    assert "script" not in drawn.tags
    # A shell command quotes a quote.
    shown = [text.replace("""'"'"'""", "'") for text in (drawn.text, *drawn.values)]
    assert any(HOSTILE in text for text in shown)


def test_a_refusal_is_text(monkeypatch):
    toasts = []
    monkeypatch.setattr(gr, "Warning", lambda message, title: toasts.append(message))
    with layout.refusals_as_toasts():
        raise TextualInversionError(HOSTILE)
    with pytest.raises(gr.Error) as caught, layout.page_errors():
        raise TextualInversionError(HOSTILE)
    for message, tags in ((toasts[0], set()), (caught.value.message, {"p"})):
        assert (Drawn(message).text.strip(), Drawn(message).tags) == (HOSTILE, tags)


def test_a_value_that_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError, match="'text' is undefined"):
        html.render("paragraph", style="")


def test_one_template_may_stand_in_another():
    assert html.paragraph(html.paragraph("a & b")) == "<p><p>a &amp; b</p></p>"


def test_line_breaks_of_a_template_are_not_drawn_but_those_of_values_are():
    assert html.render("preformatted", text="a\n  b\n") == '<pre class="ti-pre">a\n  b\n</pre>'
    lead = html.render("caption_editor/lead")
    assert "\n" not in lead
    assert "Save; what they said before" in lead


def strings(tree):
    """Yield each string of a module but its docstrings, an f-string with {} for its values."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    passed_over = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
            passed_over |= {id(part) for part in node.values}
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and id(node) not in passed_over:
            yield node.lineno, str(node.value)


def markup_in(code):
    found = [(line, text) for line, text in strings(ast.parse(code)) if TAG.search(text)]
    return [(line, text) for line, text in found if text not in NO_MARKUP]


@pytest.mark.parametrize("path", sorted(WEBUI.rglob("*.py")), ids=lambda p: p.stem)
def test_no_module_writes_markup(path):
    code = path.read_text()
    assert markup_in(code) == []
    assert not re.search(r"^(from html import|import html$)|\|\s*safe\b", code, re.MULTILINE)


@pytest.mark.parametrize(
    "code", ["x = f'<b>{y}</b>'", "x = '<p>' + y", "def f():\n  return '&lt;'"]
)
def test_markup_would_be_found(code):
    assert len(markup_in(code)) == 1


@pytest.mark.slow
def test_only_render_marks_strings_as_html():
    """`Markup()` alone is nothing, and `Markup` with something believes it."""
    believed = {
        path.relative_to(WEBUI).as_posix()
        for path in WEBUI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", "") == "Markup"
    }
    assert believed == {"html.py"}
    templates = [path.read_text() for path in WEBUI.rglob("*.jinja")]
    assert templates
    assert not any("safe" in text or "autoescape" in text for text in templates)


@pytest.mark.slow
def test_every_template_that_is_drawn_exists():
    calls = [
        call.args[0].value
        for path in WEBUI.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "render"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    assert len(calls) > 20
    gone = {n for n in calls if not (WEBUI / "templates" / f"{n}.html.jinja").is_file()}
    assert gone == set()
