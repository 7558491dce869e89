"""Cases of a quick test that only the whole suite tries."""

import pytest


def slow(case):
    """Leave one more case of a parametrized test to the whole suite."""
    return pytest.param(case, marks=pytest.mark.slow)
