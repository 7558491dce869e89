import re
from pathlib import Path

import pytest
from PIL import Image

from tests.generation.grids.runs import write_run
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError, ModelError, StorageError
from textual_inversion.events import Finished, Progressed, Sampled, Started
from textual_inversion.generation.generate import generate
from textual_inversion.generation.grids.job import draw_grid
from textual_inversion.generation.grids.keeping import keep_embedding
from textual_inversion.generation.grids.manifest import list_grids, read_grid
from textual_inversion.generation.grids.votes import read_votes, vote
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings, GridSettings


@pytest.fixture
def run(home, stacks):
    return write_run(home, stacks["sd1"])


def draw(control=None, **settings):
    axes = {"run": "zyx", "rows": "step", "columns": "prompt"}
    return list(draw_grid(GridSettings.build(axes, settings), control or Control()))


def cells(**settings):
    return [event for event in draw(rows="none", **settings) if isinstance(event, Progressed)]


def opened(path):
    with Image.open(path) as picture:
        picture.load()
    return picture


def folder_of(events):
    return next(event.folder for event in events if isinstance(event, Started))


def folder_path(events):
    return Path(folder_of(events))


@pytest.mark.slow
def test_every_cell_is_a_file_and_all_are_one_picture(home, run):
    events = draw()
    files = [event.path for event in events if isinstance(event, Progressed)]
    assert [event.step for event in events if isinstance(event, Sampled)][-1] == 12
    (folder,) = list_grids(home / "outputs")
    assert str(folder).endswith(folder_of(events))
    sizes = [opened(path).size for path in (folder / "grid.png", *files)]
    assert sizes[0][0] > 2 * 64
    assert set(sizes[1:]) == {(64, 64)}


@pytest.mark.slow
def test_a_cell_is_the_picture_that_generate_draws(home, run, stacks):
    events = draw(rows="none", row_values="")
    formats.write(formats.read(run / "embeddings" / "zyx-30.pt"), home / "embeddings" / "zyx.pt")
    chosen = {"prompt": "a photo of <zyx>", "steps": 2, "seed": 5, "model": str(stacks["sd1"])}
    alone = list(generate(GenerateSettings.build(chosen), Control()))
    ours, theirs = (
        next(event.path for event in one if isinstance(event, Progressed))
        for one in (events, alone)
    )
    assert opened(ours).tobytes() == opened(theirs).tobytes()
    assert opened(ours).text == opened(theirs).text


@pytest.mark.slow
def test_base_models_stand_side_by_side_and_pages_below_each_other(home, stacks):
    names = [str(stacks[kind]) for kind in ("sd1", "sd2")]
    axes = {"columns": "model", "column_values": ", ".join(names), "pages": "seed"}
    chosen = {"prompt": "a cat", "steps": 1, **axes, "page_values": "1,2"}
    events = list(draw_grid(GridSettings.build(chosen), Control()))
    told = [opened(e.path).text["parameters"] for e in events if isinstance(e, Progressed)]
    found = [re.search(r"Seed: (\d).*Model: (\w+)", text).groups() for text in told]
    assert sorted(found) == [("1", "sd1"), ("1", "sd2"), ("2", "sd1"), ("2", "sd2")]
    width, height = opened(folder_path(events) / "grid.png").size
    assert (width > 2 * 64, height > 2 * 64) == (True, True)


@pytest.mark.slow
def test_cells_that_were_drawn_before_are_not_drawn_again(home, run):
    draw()
    again = draw()
    assert [event for event in again if isinstance(event, Sampled)] == []
    assert len([event for event in again if isinstance(event, Progressed)]) == 6
    more = draw(steps=3)
    assert len([event for event in more if isinstance(event, Sampled)]) == 18


@pytest.mark.slow
def test_a_changed_snapshot_is_drawn_anew(home, run, stacks):
    draw(columns="none")
    (run / "embeddings" / "zyx-20.pt").write_bytes((run / "embeddings" / "zyx-30.pt").read_bytes())
    assert [event for event in draw(columns="none") if isinstance(event, Sampled)] == []
    write_run(home, stacks["sd1"], steps=(20,), count=1)
    assert len([event for event in draw(columns="none") if isinstance(event, Sampled)]) == 2


@pytest.mark.slow
def test_a_stop_keeps_the_cells_that_are_done(home, run):
    control = Control()
    events = []
    for event in draw_grid(GridSettings(run="zyx", rows="step"), control):
        events.append(event)
        if isinstance(event, Progressed):
            control.ask("stop")
    assert events[-1].reason == "stopped"
    assert isinstance(events[-1], Finished)
    assert events[-1].step == 2
    assert opened(events[-1].path).size[1] > 3 * 64
    assert len([event for event in draw(columns="none") if isinstance(event, Sampled)]) == 4


@pytest.mark.slow
def test_thumbs_are_kept_beside_the_grid_and_taken_back(home, run):
    folder = list_grids_of(draw(columns="none"), home)
    assert vote(folder, "1-1-1.png", "up") == {"1-1-1.png": "up"}
    vote(folder, "1-2-1.png", "down")
    assert vote(folder, "1-1-1.png", "up") == {"1-2-1.png": "down"} == read_votes(folder)
    with pytest.raises(StorageError, match="has no cell '../x.png'"):
        vote(folder, "../x.png", "up")
    (folder / "votes.json").write_text("[1")
    assert read_votes(folder) == {}


def list_grids_of(events, home):
    assert events
    return list_grids(home / "outputs")[0]


@pytest.mark.slow
def test_a_snapshot_is_kept_under_a_name_that_is_free(home, run):
    folder = list_grids_of(draw(columns="none"), home)
    library = Library(home / "embeddings")
    path = keep_embedding(folder, "1-2-1.png", "<best-cat>", library)
    kept, snapshot = library.load("best-cat"), formats.read(run / "embeddings" / "zyx-20.pt")
    assert (path.name, kept.step) == ("best-cat.pt", 20)
    assert kept.vectors[0].equal(snapshot.vectors[0])
    with pytest.raises(EmbeddingError, match="already an embedding called 'best-cat'"):
        keep_embedding(folder, "1-1-1.png", "best-cat", library)


@pytest.mark.slow
def test_the_vectors_that_a_cell_kept_are_kept(home, run):
    folder = list_grids_of(draw(rows="none", columns="vectors"), home)
    library = Library(home / "embeddings")
    keep_embedding(folder, "1-1-1.png", "short", library)
    assert library.load("short").num_vectors == 1
    write_run(home, "any", steps=(30,), count=1)
    with pytest.raises(EmbeddingError, match="has changed since the grid was drawn"):
        keep_embedding(folder, "1-1-2.png", "long", library)


def test_a_grid_without_embeddings_has_none_to_keep(home, stacks):
    chosen = {"prompt": "a cat", "columns": "seed", "column_values": "1", "steps": 1}
    list(draw_grid(GridSettings(model=str(stacks["sd1"]), **chosen), Control()))
    folder = list_grids(home / "outputs")[0]
    with pytest.raises(EmbeddingError, match="No embedding varies in this grid"):
        keep_embedding(folder, "1-1-1.png", "x1", Library(home / "embeddings"))


@pytest.mark.slow
def test_a_cell_of_another_tokenizer_is_drawn_anew(home, run, stacks):
    from tests import tiny

    tiny.swapped_tokenizer(home / "models" / "swapped", "photo", "house")
    drawn = [
        [Path(event.path).read_bytes() for event in cells(tokenizer=name)]
        for name in ("", "", "swapped")
    ]
    assert drawn[0] == drawn[1]
    assert not set(drawn[0]) & set(drawn[2])


@pytest.mark.parametrize("text", ["", "[]", '{"title": "x"}', "nonsense"])
def test_a_broken_description_of_a_grid_is_said(tmp_path, text):
    (tmp_path / "grid.json").write_text(text)
    with pytest.raises(StorageError, match="does not describe a grid"):
        read_grid(tmp_path)


@pytest.mark.slow
def test_a_file_outside_of_the_grid_is_refused(home, run):
    folder = list_grids_of(draw(columns="none"), home)
    text = (folder / "grid.json").read_text()
    (folder / "grid.json").write_text(text.replace("1-1-1.png", "../../secret.png"))
    with pytest.raises(StorageError, match="does not describe a grid"):
        read_grid(folder)


def test_a_grid_whose_first_cell_cannot_be_drawn_leaves_no_folder(home, run):
    with pytest.raises(ModelError, match='There is no VAE "nowhere"'):
        draw(vae="nowhere")
    assert list_grids(home / "outputs") == []
    assert not list((home / "outputs" / "grids").rglob("cells"))
