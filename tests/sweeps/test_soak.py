import sys

import pytest

from tests import soak, soak_sweep


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills forked processes")
def test_a_sweep_that_is_killed_ends_as_one_that_was_left_alone(tmp_path, stacks):
    done = soak.soak(tmp_path, stacks["sd1"], soak_sweep.SWEEP, kills=1, seed=1)
    assert done.different == []
    assert sum(done.kills.values()) == 1
    made = soak_sweep.made(tmp_path / "unbroken")
    assert sum(name.endswith(": losses") for name in made) == soak_sweep.RUNS
    first, *_ = made
    assert not soak_sweep.is_same(made, {**made, first: [n + 1e-3 for n in made[first]]})
