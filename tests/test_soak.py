import sys

import pytest

from tests import soak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills forked processes")
def test_a_run_that_is_killed_again_and_again_makes_the_very_same(tmp_path, stacks):
    done = soak.soak(tmp_path, stacks["sd1"], kills=8, seed=3)
    assert done.different == []
    assert sum(done.kills.values()) == 8
