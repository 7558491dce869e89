import re

from tests.runs.past.conftest import make_run
from textual_inversion.runs.past.finding import read_past
from textual_inversion.runs.past.report import data_url, report_html

EVIL = "<img src=x onerror=alert(1)>"


def test_a_report_holds_its_pictures_and_asks_for_nothing_else(pair):
    html = report_html(pair)
    assert html.count('<img src="data:image/webp;base64,') == 7
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import|<script", html)
    for said in ("2026-01-01/cat", "2026-01-01/dog", "Max steps", "<polyline", "step 6"):
        assert said in html


def test_a_report_on_one_run_lists_its_settings(pair):
    html = report_html(pair[:1])
    assert "Settings other than the defaults" in html
    assert html.count("<figure>") == 3


def test_what_files_say_is_text_in_a_report(log_dir):
    folder = make_run(log_dir, "cat", template=EVIL)
    html = report_html([read_past(folder)])
    assert EVIL not in html
    assert "&lt;img src=x" in html


def test_a_picture_that_is_gone_leaves_the_rest(pair):
    for preview in pair[0].run.previews[:1]:
        pair[0].picture(preview).write_bytes(b"none")
    assert data_url(pair[0].picture(pair[0].run.previews[0])) == ""
    assert report_html(pair).count("<img ") == 6
