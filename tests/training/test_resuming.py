"""A run that was stopped goes on as if it never had been."""

import csv
import os

import pytest
import torch

from tests.cats import losses, make_cat, run, settings, vectors
from tests.marks import slow
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.create import create
from textual_inversion.errors import TrainingError
from textual_inversion.events import Evaluated, Finished, Measured, Started, Stepped, Warned
from textual_inversion.runs.folder import checkpoint_steps
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CreateSettings
from textual_inversion.training.checkpoint import read_checkpoint
from textual_inversion.training.run import train


@pytest.mark.slow
def test_an_interrupted_run_goes_on_as_if_it_never_stopped(home, cat):
    whole = losses(run(cat, max_steps=6, latent_sampling="random", flip=0.5))
    unbroken = vectors(home)
    make_cat(cat["model"])
    control, first = Control(), []
    for event in train(settings(cat, max_steps=6, latent_sampling="random", flip=0.5), control):
        first.append(event)
        if isinstance(event, Stepped) and event.step == 3:
            control.stop.set()
    second = run(cat, max_steps=6, latent_sampling="random", flip=0.5)
    assert isinstance(first[-1], Finished)
    assert first[-1].reason == "stopped"
    assert [e.step for e in second if isinstance(e, Started)] == [3]
    assert losses(first) + losses(second) == whole
    assert torch.equal(vectors(home), unbroken)


@pytest.mark.slow
def test_a_run_cut_off_goes_on_from_its_last_checkpoint(home, cat):
    whole = losses(run(cat, max_steps=6))
    make_cat(cat["model"])
    created = (home / "embeddings" / "cat-x.pt").read_bytes()
    events = train(settings(cat, max_steps=6, checkpoint_every=2), Control())
    for event in events:
        if isinstance(event, Stepped) and event.step == 5:
            break
    events.close()
    (home / "embeddings" / "cat-x.pt").unlink()
    # As after a kill: the file is the old one, older than the checkpoint of step 4.
    (home / "embeddings" / "cat-x.pt").write_bytes(created)
    os.utime(home / "embeddings" / "cat-x.pt", (1, 1))
    for path in (home / "runs").rglob("cat-x-5.ckpt"):
        path.unlink()
    assert losses(run(cat, max_steps=6)) == whole[4:]


@pytest.mark.slow
def test_an_embedding_made_anew_starts_anew(home, cat):
    first = losses(run(cat))
    make_cat(cat["model"])
    assert losses(run(cat)) == first
    assert sorted(path.name for path in (home / "runs").glob("*/*")) == ["cat-x", "cat-x-2"]


@pytest.mark.slow
def test_a_run_left_in_the_middle_is_saved(home, cat):
    events = train(settings(cat), Control())
    for event in events:
        if isinstance(event, Stepped) and event.step == 2:
            break
    events.close()
    assert formats.read(home / "embeddings" / "cat-x.pt").step == 2


@pytest.mark.slow
def test_the_loss_table_has_a_row_a_step_also_after_a_resume(home, cat):
    run(cat, max_steps=2)
    run(cat, max_steps=4)
    (table,) = (home / "runs").glob("*/*/textual_inversion_loss.csv")
    rows = list(csv.reader(table.read_text().splitlines()))
    assert rows[0] == ["step", "epoch", "epoch_step", "loss", "learn_rate"]
    assert ["/".join(row[:3]) for row in rows[1:]] == ["1/0/0", "2/0/1", "3/1/0", "4/2/0"]


@pytest.mark.slow
def test_a_resumed_run_is_measured_from_its_very_start(home, cat):
    chosen = {"max_steps": 6, "evaluate_every": 6, "learning_rate": "0.005"}
    (whole,) = [event for event in run(cat, **chosen) if isinstance(event, Measured)]
    make_cat(cat["model"])
    run(cat, **{**chosen, "max_steps": 3, "evaluate_every": 0})
    (second,) = [event for event in run(cat, **chosen) if isinstance(event, Measured)]
    assert second == whole


@pytest.mark.slow
def test_a_checkpoint_of_another_embedding_is_refused(home, cat):
    run(cat, max_steps=2)
    (folder,) = (home / "runs").glob("*/cat-x")
    start = {"name": "dog-x", "num_vectors": 2, "model": cat["model"]}
    create(CreateSettings.build(start))
    with pytest.raises(TrainingError, match='is of the embedding "cat-x", not of "dog-x"'):
        run({**cat, "embedding": "dog-x"}, resume=str(folder))


@pytest.mark.slow
def test_a_resumed_run_remembers_its_evaluations(home, cat):
    chosen = {
        "max_steps": 6, "evaluate_every": 1, "convergence_window": 4, "learning_rate": "0.005",
    }  # fmt: skip
    whole = [event for event in run(cat, **chosen) if isinstance(event, Evaluated)]
    make_cat(cat["model"])
    first = run(cat, **{**chosen, "max_steps": 3})
    second = run(cat, **chosen)
    again = [event for event in first + second if isinstance(event, Evaluated)]
    assert again == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        {"norm": "fixed"},  # with the default, a schedule-free optimizer
        {"lr_scheduler": "cosine", "warmup_steps": 2},
        slow({"optimizer": "spherical", "learning_rate": "0.01"}),
        slow({"optimizer": "lion"}),
        slow({"optimizer": "prodigy"}),
        slow({"optimizer": "adamw"}),
        slow({"optimizer": "adamw", "ema_decay": 0.9}),
        slow({"gradient_clipping": "norm", "clipping_threshold": "0.1:2, 0.01"}),
        slow({"loss": "huber", "min_snr_gamma": 5, "noise_offset": 0.05, "caption_dropout": 0.5}),
    ],
    ids=lambda chosen: chosen.get("optimizer", next(iter(chosen))),
)
def test_every_way_of_learning_goes_on_exactly(home, cat, chosen):
    whole = losses(run(cat, max_steps=6, **chosen))
    unbroken = vectors(home)
    make_cat(cat["model"])
    control, first = Control(), []
    for event in train(settings(cat, max_steps=6, **chosen), control):
        first.append(event)
        if isinstance(event, Stepped) and event.step == 3:
            control.stop.set()
    assert losses(first) + losses(run(cat, max_steps=6, **chosen)) == whole
    assert torch.equal(vectors(home), unbroken)


@pytest.mark.slow
def test_another_optimizer_on_resume_is_one_sentence(home, cat):
    run(cat, max_steps=2)
    with pytest.raises(TrainingError) as failure:
        run(cat, optimizer="spherical")
    assert str(failure.value) == (
        "The checkpoint was made with the optimizer schedule-free and not spherical; choose "
        '"schedule-free" or "auto" to go on from it, or set resume to "never" to start anew.'
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [("auto", "0.005", "schedule-free"), ("0.005", "auto", "adamw")],
)
def test_another_rate_keeps_the_optimizer_that_nobody_chose(home, cat, first, second, kept):
    run(cat, max_steps=2, learning_rate=first)
    events = run(cat, learning_rate=second)
    assert [e.step for e in events if isinstance(e, Stepped)] == [3, 4]
    (said,) = [e.message for e in events if isinstance(e, Warned)]
    assert said.startswith(f"The optimizer stays {kept}, with which this run began; for the lear")
    assert "--" not in said
    (path,) = (home / "runs").rglob("cat-x-4.ckpt")
    assert read_checkpoint(path).state["optimizer_name"] == kept


@pytest.mark.slow
def test_an_optimizer_that_was_chosen_stays_when_it_is_left_to_auto(home, cat):
    run(cat, max_steps=2, optimizer="spherical", learning_rate="0.01")
    (said,) = [e.message for e in run(cat) if isinstance(e, Warned)]
    assert said.startswith("The optimizer stays spherical")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "kept"), [(0, [1, 2, 3, 4, 5]), (1, [5]), (2, [4, 5]), (3, [3, 4, 5])]
)
def test_so_many_checkpoints_stay(home, cat, limit, kept):
    run(cat, max_steps=5, checkpoint_every=1, checkpoints_total_limit=limit)
    (folder,) = (home / "runs").glob("*/cat-x")
    assert checkpoint_steps(folder) == kept


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["", ".ckpt"])
def test_a_run_goes_on_from_the_checkpoint_that_is_named(home, cat, ending):
    chosen = {"checkpoint_every": 1, "checkpoints_total_limit": 0}
    whole = losses(run(cat, max_steps=6, **chosen))
    (folder,) = (home / "runs").glob("*/cat-x")
    named = folder / "checkpoints" / f"cat-x-2{ending}"
    events = run(cat, max_steps=4, resume=str(named), **chosen)
    assert losses(events) == whole[2:4]
    assert "later checkpoints, up to step 6, are removed" in next(
        event.message for event in events if isinstance(event, Warned)
    )
    # What was learned the other way is not gone on from.
    assert checkpoint_steps(folder) == [1, 2, 3, 4]
    assert losses(run(cat, max_steps=5, **chosen)) == whole[4:5]


@pytest.mark.slow
def test_a_checkpoint_that_is_not_there_is_one_sentence(home, cat):
    run(cat, max_steps=1)
    (folder,) = (home / "runs").glob("*/cat-x")
    with pytest.raises(TrainingError, match='no checkpoint in ".*cat-x-1500"; set resume to a'):
        run(cat, resume=str(folder / "checkpoints" / "cat-x-1500"))


@pytest.mark.slow
def test_a_finished_embedding_says_how_to_go_on(home, cat):
    run(cat)
    with pytest.raises(TrainingError, match="already has 4 steps .* set max steps higher"):
        run(cat)
