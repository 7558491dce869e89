"""What goes wrong is one sentence, and costs nothing that was learned."""

import errno
from pathlib import Path

import pytest
import torch

from tests.cats import run, settings
from textual_inversion.embeddings import formats
from textual_inversion.errors import (
    DatasetError,
    EmbeddingError,
    ModelError,
    SettingsError,
    StorageError,
    TrainingError,
)
from textual_inversion.events import Failed, Started, Stepped, Warned
from textual_inversion.runs.requests import Control
from textual_inversion.training.learner import Learner
from textual_inversion.training.run import train


@pytest.mark.slow
def test_an_unreadable_picture_is_named_and_left_out(home, cat, pictures):
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    warned = [e.message for e in run(cat, max_steps=1) if isinstance(e, Warned)]
    assert len(warned) == 1
    assert "broken.jpg" in warned[0]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"dataset_dir": "nowhere"}, DatasetError, "nowhere"),
        ({"dataset_dir": "empty"}, DatasetError, "no pictures"),
        ({"embedding": "gone"}, EmbeddingError, "gone"),
        ({"template": "gone.txt"}, SettingsError, "gone.txt"),
        ({"template": "nameless.txt"}, SettingsError, r"\[name\]"),
        ({"model": "gone"}, ModelError, "gone"),
        ({"resume": "gone"}, TrainingError, "gone"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(home, cat, changes, error, words):
    (home / "empty").mkdir()
    (home / "nameless.txt").write_text("a photo\n")
    with pytest.raises(error, match=words):
        run(cat, **changes)
    assert not list((home / "runs").iterdir())


@pytest.mark.slow
def test_an_embedding_of_another_width_is_refused(home, cat, stacks):
    with pytest.raises(ModelError, match="dimension 32, but the current .* token dimension 48"):
        run(cat, model=str(stacks["sd2"]))


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_leaves_no_part(home, cat, monkeypatch):
    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    stream = train(settings(cat, save_embedding_every=1), Control())
    next(event for event in stream if isinstance(event, Started))
    before = (home / "embeddings" / "cat-x.pt").read_bytes()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="No space left on device"):
        list(stream)
    assert (home / "embeddings" / "cat-x.pt").read_bytes() == before
    assert not list(home.rglob("*.part"))


@pytest.fixture
def breaking(monkeypatch):
    """Let the vectors become NaN at the fifth update, as an outlier does."""
    step = Learner.step

    def broken(self, batch):
        loss = step(self, batch)
        if self.updates == 5:
            self.parameters[0].data.fill_(float("nan"))
        return loss

    monkeypatch.setattr(Learner, "step", broken)


def ended(cat, **changes):
    """Train until it fails; give what was said, and why it failed."""
    events = []
    with pytest.raises(TrainingError) as failure:
        events.extend(train(settings(cat, **changes), Control()))
    assert isinstance(events[-1], Failed)
    return events, str(failure.value)


@pytest.fixture
def unbounded(monkeypatch):
    """Let rates through that settings refuse: at these the vectors become NaN at once."""
    monkeypatch.setattr("textual_inversion.settings.schedule._HIGHEST_LEARNING_RATE", float("inf"))


@pytest.mark.slow
def test_a_rate_at_which_nothing_is_learned_leaves_the_embedding_as_it_was(home, cat, unbounded):
    before = (home / "embeddings" / "cat-x.pt").read_bytes()
    _, why = ended(cat, learning_rate="1e30", checkpoint_every=1)
    assert why.startswith("At step 2 the vectors became NaN; nothing was learned, and the")
    assert (home / "embeddings" / "cat-x.pt").read_bytes() == before
    assert list((home / "runs").rglob("*.ckpt")) == []


@pytest.mark.slow
def test_vectors_that_become_nan_never_reach_a_file(home, cat, breaking):
    _, why = ended(cat, max_steps=8, learning_rate="0.005", checkpoint_every=1)
    assert "At step 5 the vectors became NaN; those of step 3 were put back and saved" in why
    saved = formats.read(home / "embeddings" / "cat-x.pt")
    assert (saved.step, bool(torch.isfinite(saved.vectors[0]).all())) == (3, True)
    kept = sorted(path.name for path in (home / "runs").rglob("*.ckpt"))
    assert kept == ["cat-x-2.ckpt", "cat-x-3.ckpt"]


@pytest.mark.slow
def test_a_run_can_go_on_at_half_the_rate(home, cat, breaking):
    events = run(cat, max_steps=8, learning_rate="0.005", on_nan="halve")
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert "those of step 3 were put back, and the learning rate is halved to 0.0025" in warned[0]
    assert [e.step for e in events if isinstance(e, Stepped)] == list(range(1, 9))
    assert {e.learning_rate for e in events if isinstance(e, Stepped)} == {0.005, 0.0025}


@pytest.mark.slow
def test_the_rate_is_halved_each_time_until_the_run_gives_up(home, cat, unbounded):
    events, why = ended(cat, learning_rate="64e30", on_nan="halve", max_steps=40)
    said = [event.message.rpartition(" ")[2] for event in events if isinstance(event, Warned)]
    assert said == ["3.2e+31.", "1.6e+31.", "8e+30.", "4e+30.", "2e+30.", "1e+30."]
    assert "halved 6 times, to 1e+30; nothing was learned" in why


@pytest.mark.slow
def test_a_run_that_ends_with_nothing_learned_says_so(home, cat, unbounded):
    before = (home / "embeddings" / "cat-x.pt").read_bytes()
    events, why = ended(cat, learning_rate="1e30", on_nan="halve")
    assert why.startswith("Nothing was learned: each time the vectors became NaN")
    assert [e.step for e in events if isinstance(e, Stepped)] == [1, 2, 3, 4]
    assert (home / "embeddings" / "cat-x.pt").read_bytes() == before


@pytest.mark.slow
def test_another_rate_is_not_halved_for_the_old_ones_sake(home, cat, breaking):
    run(cat, max_steps=6, learning_rate="0.005", on_nan="halve")
    events = run(cat, max_steps=7, learning_rate="0.004", on_nan="halve")
    assert [e.learning_rate for e in events if isinstance(e, Stepped)] == [0.004]


@pytest.mark.slow
def test_vectors_that_cannot_move_are_said(home, cat):
    warned = [
        e.message for e in run(cat, max_steps=20, learning_rate="1e-30") if isinstance(e, Warned)
    ]
    assert warned[0].startswith("After 20 steps the vectors have not moved at all")


@pytest.mark.slow
def test_a_schedule_that_runs_out_is_said(home, cat):
    warned = [e.message for e in run(cat, learning_rate="0.01:2") if isinstance(e, Warned)]
    assert warned == [
        "The learning rate schedule ends at step 2; its last rate 0.01 is kept until step 4."
    ]


def test_running_out_of_memory_keeps_what_was_learned(home, cat, monkeypatch):
    step = Learner.step

    def starved(self, batch):
        if self.updates == 2:
            raise torch.OutOfMemoryError("out of memory")
        return step(self, batch)

    monkeypatch.setattr(Learner, "step", starved)
    with pytest.raises(TrainingError, match="Out of memory; .* --pictures-at-once 1"):
        run(cat)
    assert formats.read(home / "embeddings" / "cat-x.pt").step == 2
    assert len(list((home / "runs").rglob("cat-x-2.ckpt"))) == 1


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="they have an effect on a GPU")
def test_choices_for_a_gpu_are_named_on_a_cpu(home, cat):
    events = run(cat, max_steps=1, compile="auto", vae_offload=True)
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert warned == [
        "vae_offload has no effect on a CPU, whose memory is the main memory.",
        "compile has no effect here; it is automatic on a GPU only.",
    ]
