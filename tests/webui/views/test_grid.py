import os

import pytest
from PIL import Image

from textual_inversion.generation.grids.manifest import AxisOfGrid, CellOfGrid, Grid, write_grid
from textual_inversion.generation.grids.votes import vote
from textual_inversion.runs.state import Run
from webui.views.grid import cell_html, find_grid, key_of, newest, sheet_html, sheet_state_key


@pytest.fixture
def folder(home, monkeypatch):
    monkeypatch.setitem(os.environ, "GRADIO_TEMP_DIR", str(home / "served"))
    folder = home / "outputs" / "grids" / "2026-01-01" / "001"
    (folder / "cells").mkdir(parents=True)
    steps = AxisOfGrid("step", "Step", ("10", "<20>"))
    seeds = AxisOfGrid("seed", "Seed", ("1", "2"))
    places = [(row, column) for row in (0, 1) for column in (0, 1)]
    cells = tuple(CellOfGrid(0, r, c, f"1-{r + 1}-{c + 1}.png") for r, c in places)
    write_grid(folder, Grid("x: seed x step", seeds, steps, AxisOfGrid("none", "", ("",)), cells))
    for cell in cells[:3]:
        Image.new("RGB", (8, 8), "red").save(folder / "cells" / cell.file)
    return folder


def test_cells_come_with_thumbs_and_what_is_missing_stays_empty(folder):
    vote(folder, "1-1-2.png", "down")
    html = sheet_html(folder)
    assert (html.count('data-do="look"'), html.count('aria-pressed="true"')) == (3, 1)
    assert 'aria-label="Bad: Seed: 2, Step: 10"' in html
    assert "3 of 4 cells" in html
    assert "&lt;20&gt;" in html


def test_a_cell_has_a_slider_along_the_steps_of_its_seed(folder):
    html = cell_html(folder, "1-2-1.png")
    assert 'max="1"' in html
    assert html.count("data-which=") == 2
    assert 'data-which="2026-01-01/001/1-1-1.png"' in html
    assert cell_html(folder, "1-2-2.png") == ""  # not drawn yet


def test_a_grid_is_found_by_its_key_alone(folder, home):
    assert key_of(folder) == "2026-01-01/001"
    assert find_grid("2026-01-01/001", None).samefile(folder)
    assert find_grid("../../etc", None) is None
    assert newest(None).samefile(folder)
    other = home / "elsewhere" / "2026-01-02" / "001"
    assert find_grid("2026-01-02/001", Run("grid", folder=str(other))) == other


def test_a_thumb_changes_the_mark_and_nothing_else_does(folder):
    before = sheet_state_key(folder, None)
    assert sheet_state_key(folder, None) == before
    vote(folder, "1-1-1.png", "up")
    assert sheet_state_key(folder, None) != before
    assert sheet_state_key(None, None) is None


def test_without_a_grid_the_page_says_what_to_do(home):
    assert "No grid yet" in sheet_html(None)
    assert "cannot be read" in sheet_html(home)
