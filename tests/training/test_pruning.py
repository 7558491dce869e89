from dataclasses import replace

import pytest
import torch

from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.workshop.operations import drop
from textual_inversion.errors import EmbeddingError
from textual_inversion.events import Finished, Progressed, Started
from textual_inversion.runs.requests import Control
from textual_inversion.settings.workshop import PruneSettings
from textual_inversion.training import pruning
from textual_inversion.training.pruning import Dropped, prune


def settings(cat, **changed):
    return PruneSettings.build(cat, changed)


@pytest.fixture
def three(cat, home):
    """Three vectors of which the second hurts: it is a hundred times too long."""
    library = Library(home / "embeddings")
    first = library.load("cat-x")
    rows = torch.cat([first.vectors[0], first.vectors[0][:1] * 100])[[0, 2, 1]]
    library.save(replace(first, vectors=(rows,)), overwrite=True)
    return rows


@pytest.mark.slow
def test_vectors_are_dropped_one_by_one_where_the_loss_is_then_the_lowest(
    cat, three, home, monkeypatch
):
    tried = []
    measure = pruning.measure_loss

    def measured(parts, vectors, batch):
        tried.append((vectors[0].tolist(), measure(parts, vectors, batch)))
        return tried[-1][1]

    monkeypatch.setattr(pruning, "measure_loss", measured)
    events = list(prune(settings(cat, keep=2), Control()))
    (dropped,) = [event for event in events if isinstance(event, Dropped)]
    losses = [loss for _, loss in tried]
    assert (dropped.loss_before, dropped.loss_after) == (losses[0], min(losses[1:]))
    assert losses[1:].index(min(losses[1:])) == dropped.number - 1
    assert events[-1] == Finished(4, "finished", "embeddings/cat-x-pruned.pt")
    kept = Library(home / "embeddings").load("cat-x-pruned").vectors[0]
    assert torch.equal(kept, drop((three,), [dropped.number])[0])


@pytest.mark.slow
def test_each_measured_loss_is_told_with_how_many_are_left(cat, three, home):
    events = list(prune(settings(cat, keep=1), Control()))
    told = [event for event in events if isinstance(event, Started | Progressed)]
    assert told == [Started("cat-x", 0, 6), *(Progressed(done, 6) for done in range(1, 7))]
    assert events[-1] == Finished(6, "finished", "embeddings/cat-x-pruned.pt")


@pytest.mark.slow
def test_a_stop_between_two_tries_saves_nothing(cat, three, home):
    control = Control()
    events = []
    for event in prune(settings(cat, keep=1), control):
        events.append(event)
        if event == Progressed(2, 6):
            control.ask("stop")
    assert events[-2:] == [Progressed(2, 6), Finished(2, "stopped")]
    assert Library(home / "embeddings").find("cat-x-pruned") is None


def test_a_stop_while_the_pictures_are_read_is_told(cat, three, home):
    control = Control()
    control.ask("stop")
    events = list(prune(settings(cat, keep=1), control))
    assert [event for event in events if isinstance(event, Finished)] == [Finished(0, "stopped")]
    assert Library(home / "embeddings").find("cat-x-pruned") is None


def test_what_cannot_be_pruned_is_said_before_the_model_is_opened(cat, three, home):
    with pytest.raises(EmbeddingError, match="has 3 vectors, and 3 are to be kept; keep fewer"):
        list(prune(settings(cat, keep=3), Control()))
    with pytest.raises(EmbeddingError, match='already an embedding "cat-x"'):
        list(prune(settings(cat, keep=1, new_name="cat-x"), Control()))
