"""The size of a model's words is that by which a run multiplies the rate "auto"."""

from dataclasses import replace

import pytest

from textual_inversion.models.catalog import describe_model
from textual_inversion.models.vocabulary import read_vocabularies
from textual_inversion.models.word_size import read_word_size


@pytest.mark.slow
def test_it_is_read_as_torch_reads_it(stacks):
    info = describe_model(str(stacks["sd1"]))
    (vocabulary,) = read_vocabularies(info)
    expected = vocabulary.mean_norm / vocabulary.table.shape[-1] ** 0.5
    assert read_word_size(info) == pytest.approx(expected)


def test_of_a_model_without_such_a_file_nothing_is_told(stacks, tmp_path):
    info = describe_model(str(stacks["sd1"]))
    assert read_word_size(replace(info, folder=tmp_path)) is None
