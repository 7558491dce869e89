"""A table of concepts: what each line trains, and what is wrong with one."""

import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings import BatchSettings
from textual_inversion.sweeps.concepts import plan_concepts


@pytest.fixture
def plan(tmp_path):
    def make(text, **changes):
        path = tmp_path / "pets.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return plan_concepts(BatchSettings.build({"concepts": str(path)}, changes))

    return make


def test_each_line_is_a_run_and_an_empty_cell_takes_what_all_have(plan):
    made = plan(
        "\ufeffembedding, dataset_dir, initialization-text, max_steps\n"
        'my-dog, dogs, "brown dog, old", 20\n'
        "\n"
        "my-cat, cats,,\n",
        max_steps=50,
        initialization_text="pet",
    )
    assert [
        (r.name, r.training.dataset_dir, r.creation.initialization_text, r.training.max_steps)
        for r in made.runs
    ] == [("my-dog", "dogs", "brown dog, old", 20), ("my-cat", "cats", "pet", 50)]
    assert (made.name, made.folder) == ("pets", "")
    assert made.varied == ("dataset_dir", "initialization_text", "max_steps")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; its first line names the columns: embedding, dataset_dir and any"),
        ("embedding\ncat\n", "has no column dataset_dir"),
        ("dataset_dir\ncats\n", "has no column embedding"),
        ("embedding,dataset_dir\n", "has no line below its titles"),
        ("embedding,dataset_dir,sed\na,b,1\n", '"sed" in '),
        ("embedding,dataset_dir,seed,seed\na,b,1,1\n", 'has the column "seed" twice'),
        ("embedding,dataset_dir\na,b,c\n", "Line 2 of "),
        ("embedding,dataset_dir,seed\na,b,1\nc,d,x\n", "Line 3 of "),
        ("embedding,dataset_dir\n,b\n", "The embedding needs a name"),
        ("embedding,dataset_dir\na/b,c\n", "'/'"),
        ("embedding,dataset_dir\ncat,\n", "dataset_dir (--dataset-dir) is missing"),
        ("embedding,dataset_dir\ncat,a\nCat,b\n", 'has the embedding "Cat" of line 2 again'),
        (b"embedding,dataset_dir\ncat,\xff\n", "is no CSV file in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_sentence(plan, text, words):
    with pytest.raises(SettingsError) as caught:
        plan(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.csv cannot be read: No such file"):
        plan_concepts(BatchSettings.build({"concepts": str(tmp_path / "gone.csv")}))
