import pytest
import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import ModelError
from textual_inversion.generation.unsaved import draw_unsaved
from textual_inversion.settings import GenerateSettings


def drawn(stacks, number, **changed):
    seeded = torch.Generator().manual_seed(number)
    embedding = Embedding("new-x", (torch.randn(2, 32, generator=seeded),))
    given = {"prompt": "a photo of [name]", "model": str(stacks["sd1"]), "steps": 1, "seed": 1}
    return draw_unsaved(embedding, GenerateSettings.build(given, changed))


@pytest.mark.slow
def test_an_embedding_is_drawn_before_it_is_saved(home, stacks):
    picture = drawn(stacks, 1)
    assert picture.size == (64, 64)
    assert picture.tobytes() == drawn(stacks, 1).tobytes()
    assert picture.tobytes() != drawn(stacks, 2).tobytes()
    assert list((home / "embeddings").iterdir()) == list((home / "outputs").iterdir()) == []


@pytest.mark.slow
def test_an_embedding_for_another_model_is_refused(home, stacks):
    with pytest.raises(ModelError, match="token dimension 32, but .* token dimension 48"):
        drawn(stacks, 1, model=str(stacks["sd2"]))
