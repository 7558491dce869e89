"""An embedding of a tiny stack's width."""

import pytest

from tests.generation.drawing import embedding
from textual_inversion.embeddings import formats


@pytest.fixture
def zyx(home, stacks):
    formats.write(embedding(32), home / "embeddings" / "zyx.pt")
    return str(stacks["sd1"])
