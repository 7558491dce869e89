import sys
from pathlib import Path

import pytest

from tests import soak

POCKET = Path(__file__).resolve().parents[2] / "models" / "pocket"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills forked processes")
def test_a_run_that_is_killed_again_and_again_makes_the_very_same(tmp_path, stacks):
    done = soak.soak(tmp_path, stacks["sd1"], kills=8, seed=3)
    assert done.different == []
    assert sum(done.kills.values()) == 8


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills forked processes")
def test_on_two_threads_the_pocket_model_makes_the_very_same_after_two_kills(tmp_path):
    done = soak.soak(tmp_path, POCKET, kills=2, seed=2, threads=2)
    assert done.different == []
    assert sum(done.kills.values()) == 2
