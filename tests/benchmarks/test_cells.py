import numpy as np
import pytest

from benchmarks.quality_bench.cells import Cells


def test_a_cell_is_made_once_and_then_read(tmp_path):
    calls = []

    def make():
        calls.append(1)
        return {"vectors": np.arange(3), "other": np.ones((2, 2))}

    first = Cells(tmp_path / "new").get("rabbit", ("README", 500), make)
    again = Cells(tmp_path / "new").get("rabbit", ("README", 500), make)
    assert len(calls) == 1
    assert {key: value.tolist() for key, value in first.items()} == {
        key: value.tolist() for key, value in again.items()
    }


def test_other_facts_are_another_cell(tmp_path):
    cells = Cells(tmp_path)
    assert cells.get("rabbit", 1, lambda: {"a": np.array(1)})["a"] == 1
    assert cells.get("rabbit", 2, lambda: {"a": np.array(2)})["a"] == 2
    assert cells.get("rabbit", 1, lambda: {"a": np.array(3)})["a"] == 1


def test_a_cell_that_was_interrupted_leaves_nothing_and_is_made_again(tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cells(tmp_path).get("rabbit", 1, stop)
    assert list(tmp_path.iterdir()) == []
    assert Cells(tmp_path).get("rabbit", 1, lambda: {"a": np.array(1)})["a"] == 1
