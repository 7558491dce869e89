import re

from textual_inversion.events import Measured
from textual_inversion.runs.state import Run
from webui.charts.vectors_table import vectors_html


def seen(step, words, norms=(0.5, 0.4)):
    return Measured(step, norms, 0.4, words, (0.25, 0.25), (0.75, 0.1))


def drawn(*measured):
    run = Run(kind="train")
    for event in measured:
        run.apply(event)
    return vectors_html(run)


def test_before_the_first_measure_there_is_nothing():
    assert vectors_html(None) == vectors_html(Run(kind="train")) == ""


def test_each_vector_tells_the_words_it_came_by():
    table = drawn(seen(10, ("cat", "dog")), seen(20, ("cat", "fox")), seen(30, ("lion", "fox")))
    assert "at step 30" in table
    assert "cat <small>10</small> → lion <small>30</small><" in table
    assert "dog <small>10</small> → fox <small>20</small><" in table


def test_of_a_long_way_the_last_words_are_shown():
    table = drawn(*(seen(step, (word, "dog")) for step, word in enumerate("abcdef")))
    assert "<td>… → c <small>2</small> →" in table


def test_the_length_is_a_gauge_against_a_words():
    table = drawn(seen(10, ("cat", "dog"), norms=(0.4, 1.6)))
    values = re.findall('class="ti-gauge ti-([a-z]+)" .*?aria-valuenow="([0-9.]+)"', table)
    assert values == [("fine", "1.00"), ("long", "4.00")]
    assert re.findall('<i style="width:([0-9.]+)%"></i><b style="left:([0-9.]+)%">', table) == [
        ("25.0", "25.0"), ("100.0", "25.0"),
    ]  # fmt: skip


def test_a_single_vector_has_no_others():
    table = drawn(Measured(10, (0.4,), 0.4, ("cat",), (1.0,), (0.5,)))
    assert "Cosine" not in table
    assert "<td>0.50</td></tr>" in table


def test_many_vectors_are_cut_and_counted():
    table = drawn(Measured(10, (0.4,) * 20, 0.4, ("cat",) * 20, (1.0,) * 20, (0.5,) * 20))
    assert table.count("<tr>") == 17
    assert table.endswith("… and 4 more.</p>")


def test_a_word_cannot_become_markup():
    assert "<img" not in drawn(seen(10, ("<img>", "dog")))
