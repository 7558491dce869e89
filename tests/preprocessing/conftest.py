"""What the tests of the job share."""

import pytest

from preprocessing import preprocess
from textual_inversion.settings import PreprocessSettings


@pytest.fixture
def run(source, tmp_path):
    """Prepare `source` into the folder `out`; the events come one by one."""

    def run(stop=None, **choices):
        there = str(tmp_path / "out")
        settings = PreprocessSettings(source=str(source), destination=there, **choices)
        return preprocess(settings, size=16, stop=stop)

    return run
