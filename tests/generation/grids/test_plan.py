import pytest
import torch

from tests.generation.grids.runs import write_run
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import TextualInversionError
from textual_inversion.generation.grids.plan import make_plan
from textual_inversion.settings import GridSettings


@pytest.fixture
def run(home, stacks):
    return write_run(home, stacks["sd1"])


def plan(home, **settings):
    return make_plan(GridSettings.build(settings), Library(home / "embeddings"))


def refused(home, **settings):
    with pytest.raises(TextualInversionError) as error:
        plan(home, **settings)
    return str(error.value)


def test_a_runs_snapshots_stand_beside_its_previews_prompts(home, run, stacks):
    made = plan(home, run="zyx", rows="step", columns="prompt")
    assert made.title == "zyx: prompt x step"
    first, last = made.cells[0], made.cells[-1]
    assert [cell.index for cell in made.cells][:3] == [(0, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert (first.settings.prompt, last.settings.prompt) == (
        "a photo of <zyx>",
        "the <zyx> on a house",
    )
    assert (first.settings.steps, first.settings.seed) == (2, 5)
    assert (first.settings.model, last.source.path.name) == (str(stacks["sd1"]), "zyx-30.pt")


def test_what_is_given_goes_before_what_the_run_had(home, run):
    (cell,) = plan(home, run=str(run), columns="step", column_values="20", steps=7, seed=0).cells
    assert (cell.settings.steps, cell.settings.seed, cell.source.embedding.step) == (7, 0, 20)


def test_a_range_of_steps_takes_the_nearest_snapshots_once(home, run):
    made = plan(home, run="zyx", columns="step", column_values="8-31 [9]")
    assert made.axes["columns"].values == (10, 20, 30)


def test_the_newest_snapshot_stands_where_no_step_varies(home, run):
    cells = plan(home, run="zyx", columns="vectors", rows="weight", row_values="0.5,1.5").cells
    assert [cell.source.embedding.num_vectors for cell in cells] == [1, 2, 1, 2]
    assert {cell.source.embedding.step for cell in cells} == {30}
    assert [cell.settings.prompt for cell in cells[1:3]] == [
        "a photo of (<zyx>:0.5)",
        "a photo of (<zyx>:1.5)",
    ]


def test_weights_are_written_without_exponents_which_prompts_do_not_know(home, run):
    made = plan(home, run="zyx", columns="weight", column_values="1000000, 0.00001, 2")
    assert [cell.settings.prompt for cell in made.cells] == [
        "a photo of (<zyx>:1000000)",
        "a photo of (<zyx>:0.00001)",
        "a photo of (<zyx>:2)",
    ]


def test_three_axes_lay_out_columns_rows_and_pages(home, run):
    axes = {"columns": "seed", "column_values": "1,2", "rows": "cfg", "row_values": "3"}
    made = plan(home, prompt="a cat", **axes, pages="sampler", page_values="Euler, DDIM")
    found = [(c.index, c.settings.seed, c.settings.sampler) for c in made.cells]
    assert found == [
        ((0, 0, 0), 1, "Euler"),
        ((0, 0, 1), 2, "Euler"),
        ((1, 0, 0), 1, "DDIM"),
        ((1, 0, 1), 2, "DDIM"),
    ]


def test_a_random_seed_is_the_same_in_all_cells(home, stacks):
    cells = plan(home, prompt="a cat", columns="steps", column_values="1,2").cells
    assert cells[0].settings.seed == cells[1].settings.seed >= 0


def test_texts_are_searched_and_replaced_as_a1111_does(home):
    made = plan(home, prompt="a cat", columns="prompt s/r", column_values="cat, dog, red house")
    assert [cell.settings.prompt for cell in made.cells] == ["a cat", "a dog", "a red house"]
    assert made.axes["columns"].texts == ("cat", "dog", "red house")


def test_embeddings_of_the_library_and_files_take_one_words_place(home, run, stacks):
    rows = torch.ones(1, 32)
    for name in ("one", "two"):
        formats.write(Embedding(name, (rows,)), home / "embeddings" / f"{name}.pt")
    file = run / "embeddings" / "zyx-10.pt"
    written = {"columns": "embedding", "column_values": f"two, {file}"}
    made = plan(home, prompt="a <one>", model=str(stacks["sd1"]), **written)
    assert made.word == "one"
    assert [cell.source.path.name for cell in made.cells] == ["two.pt", "zyx-10.pt"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "The grid compares nothing"),
        ({"columns": "seed"}, "columns: the list of values of Seed is empty"),
        ({"columns": "stepp"}, "There is no axis 'stepp'; did you mean step or steps?"),
        ({"column_values": "1"}, "columns has values but no axis"),
        ({"columns": "step"}, "step compares the snapshots of a run; give a run folder."),
        ({"run": "nope", "columns": "step"}, "There is no run 'nope'"),
        ({"run": "zyx", "columns": "step", "column_values": "7"}, "no snapshot of step 7"),
        ({"run": "zyx", "columns": "vectors", "column_values": "3"}, "zyx 30 has 2 vectors, so 3"),
        ({"columns": "cfg", "column_values": "1,99"}, "cfg_scale must be at most 30"),
        ({"columns": "prompt s/r", "column_values": "x,y"}, "Prompt S/R does not find 'x'"),
        ({"columns": "weight", "column_values": "1"}, "Weight needs an embedding"),
        ({"columns": "embedding", "column_values": "zz"}, "Embedding needs an embedding"),
        ({"columns": "model", "column_values": "nope"}, 'There is no base model "nope"'),
        ({"columns": "seed", "column_values": "4294967296"}, "seed must be less than 4294967296"),
        ({"columns": "seed", "column_values": "1\0"}, "columns: '1\\x00' is not a number"),
        ({"columns": "cfg", "column_values": "9" * 100_000}, "is not a number; write numbers"),
        ({"columns": "width", "column_values": "63"}, "width must be a multiple of 8"),
        ({"run": "zyx\0", "columns": "step"}, "There is no run 'zyx\\x00'"),
    ],
)
def test_what_cannot_be_drawn_is_said_before_a_model_opens(home, run, settings, said):
    given = {} if "run" in settings else {"prompt": "a cat"}
    assert said in refused(home, **given, **settings)


def test_too_many_cells_are_counted_and_refused(home):
    axes = {"columns": "seed", "column_values": "1-1000", "rows": "steps", "row_values": "1-100"}
    said = refused(home, prompt="a", **axes)
    assert said.startswith("The grid would have 100,000 cells (1,000 x 100), and 1,000 is the most")


def test_a_word_that_no_prompt_names_cannot_vary(home, run):
    said = refused(home, run="zyx", columns="step", prompt="a cat")
    assert "Step has no effect on the prompt 'a cat', which does not name <zyx>" in said


def test_two_axes_that_contradict_each_other_are_refused(home, run):
    twice = {"columns": "seed", "column_values": "1", "rows": "seed", "row_values": "2"}
    assert "Seed is on two axes" in refused(home, prompt="a", **twice)
    both = {"columns": "embedding", "column_values": "zyx", "rows": "step"}
    assert "Step and Embedding both" in refused(home, run="zyx", **both)


def test_vectors_for_another_model_are_refused_before_drawing(home, stacks):
    write_run(home, stacks["sd1"], width=48)
    assert "token dimension 48" in refused(home, run="zyx", columns="step")


def test_a_run_without_snapshots_says_how_to_have_some(home, run):
    for path in (run / "embeddings").glob("*"):
        path.unlink()
    assert "train with --save-embedding-every above 0" in refused(home, run="zyx", columns="step")


def test_weights_without_an_effect_are_refused(home, run):
    axes = {"columns": "weight", "column_values": "0.5"}
    assert 'emphasis "none"' in refused(home, run="zyx", emphasis="none", **axes)
