from benchmarks.quality_bench.metrics import Scores
from benchmarks.quality_bench.tables import difference_table, main_table, parts_table


def scores(likeness, length=float("nan")):
    return Scores(likeness, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.1, length)


RESULTS = {
    "the word": [scores(0.1), scores(0.3)],
    "ours": [scores(0.5, 2.0), scores(0.7, 4.0)],
}


def test_the_main_table_has_a_row_with_intervals_for_each_method():
    rows = main_table(RESULTS).splitlines()
    assert rows[0] == "|  | likeness | obedience | harmonic |"
    assert rows[2].startswith("| the word | 0.20 (0.10 to 0.30) | 0.50 (0.50 to 0.50) |")
    assert len(rows) == 4


def test_what_a_word_has_not_is_a_dash():
    rows = parts_table(RESULTS).splitlines()
    assert rows[2].endswith("| - |")
    assert rows[3].endswith("| 3.00 |")


def test_differences_are_ours_less_theirs():
    assert "| the word | +0.40 (+0.40 to +0.40) |" in difference_table(
        RESULTS, "ours", ["the word"]
    )
