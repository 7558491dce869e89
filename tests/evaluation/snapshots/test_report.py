import re

import pytest
from PIL import Image

from tests.evaluation.snapshots.test_record import THREE
from textual_inversion.evaluation.snapshots.report import evaluation_html, report_html


@pytest.fixture
def folder(tmp_path):
    for name in ("training/1.png", "pictures/1-1-1.png"):
        (tmp_path / name).parent.mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    return tmp_path


def test_the_report_is_one_file_with_its_pictures_inside(folder):
    text = report_html(THREE, folder)
    sources = re.findall(r'src="([^"]*)"', text)
    assert len(sources) == 3 + 1 + 4  # the three choices, a training picture, a prompt's four
    assert all(source.startswith("data:image/webp") for source in sources)
    assert "href" not in text
    assert "<b>house</b>" not in text
    assert "<button" not in text


def test_the_page_has_a_button_for_each_choice(folder):
    text = evaluation_html(THREE, folder, picture=str, button="Use it", key="day/cat")
    assert re.findall(r'data-which="([^"]*)"', text) == ["day/cat/0", "day/cat/1", "day/cat/2"]


def test_a_picture_that_is_gone_is_left_out(tmp_path):
    assert "<img" not in report_html(THREE, tmp_path)
