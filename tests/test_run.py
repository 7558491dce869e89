import csv
import errno
import json
import os
from pathlib import Path

import pytest
import torch

from textual_inversion import files
from textual_inversion.control import Control
from textual_inversion.create import create
from textual_inversion.errors import (
    DatasetError,
    EmbeddingError,
    ModelError,
    SettingsError,
    StorageError,
    TrainingError,
)
from textual_inversion.events import (
    Evaluated,
    Finished,
    Loading,
    Measured,
    Paced,
    Previewed,
    Saved,
    Started,
    Stepped,
    Warned,
)
from textual_inversion.learner import Learner
from textual_inversion.run import train
from textual_inversion.settings import CreateSettings, TrainSettings

QUIET = {
    "save_image_every": 0,
    "save_embedding_every": 0,
    "checkpoint_every": 0,
    "evaluate_every": 0,
}


def make_cat(model):
    """Make the embedding anew: two vectors from "red cat"."""
    start = {"initialization_text": "red cat", "num_vectors": 2, "overwrite": True}
    return create(CreateSettings.build({"name": "cat-x", "model": str(model)}, start))


@pytest.fixture
def cat(home, pictures, stacks):
    """Settings that train a new embedding on three pictures."""
    make_cat(stacks["sd1"])
    return {"embedding": "cat-x", "dataset_dir": "pictures", "model": str(stacks["sd1"])}


def settings(cat, **changes):
    small = {"max_steps": 4, "batch_size": 2, "preview_steps": 2, **QUIET}
    return TrainSettings.build(cat, small, changes)


def run(cat, control=None, **changes):
    return list(train(settings(cat, **changes), control or Control()))


def losses(events):
    return [event.loss for event in events if isinstance(event, Stepped)]


def vectors(home):
    return files.read(home / "embeddings" / "cat-x.pt").vectors[0]


def test_a_run_says_what_it_does_and_leaves_its_files(home, cat):
    events = run(cat, save_image_every=2, save_embedding_every=3, checkpoint_every=2)
    kinds = [type(event) for event in events if not isinstance(event, (Loading, Stepped, Paced))]
    at_two, at_three = [Saved, Previewed, Saved], [Saved]
    at_the_end = [Saved, Saved, Saved, Previewed, Saved, Finished]
    assert kinds == [Started, *at_two, *at_three, *at_the_end]
    (folder,) = (home / "runs").glob("*/cat-x")
    made = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert made == [
        "checkpoints/cat-x-2.ckpt",
        "checkpoints/cat-x-4.ckpt",
        "embeddings/cat-x-3.pt",
        "embeddings/cat-x-4.pt",
        "events.jsonl",
        "image_embeddings/cat-x-2.png",
        "image_embeddings/cat-x-4.png",
        "images/cat-x-2.png",
        "images/cat-x-4.png",
        "settings.json",
        "textual_inversion_loss.csv",
    ]


def test_a_snapshot_holds_exactly_the_updates_of_its_name(home, cat):
    run(cat, max_steps=3)
    after_three = vectors(home)
    run(cat, max_steps=5, save_embedding_every=3, resume="never")
    make_cat(cat["model"])
    run(cat, max_steps=5, save_embedding_every=3, resume="never")
    snapshot = files.read(next((home / "runs").glob("*/*/embeddings/cat-x-3.pt")))
    assert (snapshot.step, snapshot.name) == (3, "cat-x-3")
    assert torch.equal(snapshot.vectors[0], after_three)


def test_all_pictures_of_one_snapshot_carry_its_step(home, cat):
    run(cat, save_image_every=2)
    carrier = files.read(next((home / "runs").glob("*/*/image_embeddings/cat-x-2.png")))
    assert (carrier.step, carrier.name, carrier.num_vectors) == (2, "cat-x-2", 2)


def test_previews_do_not_change_the_losses(home, cat):
    with_previews = losses(run(cat, save_image_every=1))
    make_cat(cat["model"])
    assert losses(run(cat, resume="never")) == with_previews


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


def test_an_embedding_made_anew_starts_anew(home, cat):
    first = losses(run(cat))
    make_cat(cat["model"])
    assert losses(run(cat)) == first
    assert sorted(path.name for path in (home / "runs").glob("*/*")) == ["cat-x", "cat-x-2"]


def test_a_run_left_in_the_middle_is_saved(home, cat):
    events = train(settings(cat), Control())
    for event in events:
        if isinstance(event, Stepped) and event.step == 2:
            break
    events.close()
    assert files.read(home / "embeddings" / "cat-x.pt").step == 2


def test_only_the_vectors_change(home, cat):
    from textual_inversion.models.load import open_model

    model = open_model(cat["model"])
    frozen = (model.unet, model.vae, model.text.encoders[0].model)
    before = [value.clone() for module in frozen for value in module.state_dict().values()]
    start = vectors(home)
    run(cat)
    after = [value for module in frozen for value in module.state_dict().values()]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    assert not torch.equal(vectors(home), start)


def test_the_loss_table_has_a_row_a_step_also_after_a_resume(home, cat):
    run(cat, max_steps=2)
    run(cat, max_steps=4)
    (table,) = (home / "runs").glob("*/*/textual_inversion_loss.csv")
    rows = list(csv.reader(table.read_text().splitlines()))
    assert rows[0] == ["step", "epoch", "epoch_step", "loss", "learn_rate"]
    assert ["/".join(row[:3]) for row in rows[1:]] == ["1/0/0", "2/0/1", "3/1/0", "4/2/0"]


def test_the_run_folder_keeps_the_settings_that_made_it(home, cat):
    run(cat, max_steps=2)
    (path,) = (home / "runs").glob("*/*/settings.json")
    assert TrainSettings.build(json.loads(path.read_text())) == settings(cat, max_steps=2)


def test_a_schedule_that_runs_out_is_said(home, cat):
    warned = [e.message for e in run(cat, learning_rate="0.01:2") if isinstance(e, Warned)]
    assert warned == [
        "The learning rate schedule ends at step 2; its last rate 0.01 is kept until step 4."
    ]


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


def test_an_embedding_of_another_width_is_refused(home, cat, stacks):
    with pytest.raises(ModelError, match="width 32, but the base model .* takes 48"):
        run(cat, model=str(stacks["sd2"]))


def test_a_finished_embedding_says_how_to_go_on(home, cat):
    run(cat)
    with pytest.raises(TrainingError, match="already has 4 steps .* set max steps higher"):
        run(cat)


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


def test_vectors_that_are_no_numbers_never_reach_a_file(home, cat):
    with pytest.raises(TrainingError, match="step 2 .* so step 1 was put back and saved; lower"):
        run(cat, learning_rate="1e30")
    saved = files.read(home / "embeddings" / "cat-x.pt")
    assert (saved.step, bool(torch.isfinite(saved.vectors[0]).all())) == (1, True)


def test_a_run_can_go_on_at_half_the_rate(home, cat):
    events = run(cat, learning_rate="1e30", on_nan="halve")
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert "halved to 5e+29" in warned[0]
    assert [e.step for e in events if isinstance(e, Stepped)] == [1, 2, 3, 4]


def test_vectors_that_cannot_move_are_said(home, cat):
    warned = [
        e.message for e in run(cat, max_steps=20, learning_rate="1e-30") if isinstance(e, Warned)
    ]
    assert warned[0].startswith("After 20 steps the vectors have not moved at all")


def test_the_fixed_batch_is_read_at_its_interval_and_the_best_is_kept(home, cat):
    events = run(cat, max_steps=6, evaluate_every=2)
    read = [event for event in events if isinstance(event, Evaluated)]
    assert [event.step for event in read] == [2, 4, 6]
    best = files.read(next((home / "runs").glob("*/*/embeddings/cat-x-best.pt")))
    assert best.step == min(read, key=lambda event: event.loss).step


def test_the_vectors_are_measured_beside_the_vocabulary(home, cat):
    measured = [e for e in run(cat, evaluate_every=4) if isinstance(e, Measured)]
    (only,) = measured
    assert (only.step, len(only.norms), only.nearest) == (4, 2, ("red", "cat"))
    assert 0 < only.moved < 1


def test_a_resumed_run_is_measured_from_its_very_start(home, cat):
    chosen = {"max_steps": 6, "evaluate_every": 6}
    (whole,) = [event for event in run(cat, **chosen) if isinstance(event, Measured)]
    make_cat(cat["model"])
    run(cat, max_steps=3)
    (second,) = [event for event in run(cat, **chosen) if isinstance(event, Measured)]
    assert second == whole


def test_a_checkpoint_of_another_embedding_is_refused(home, cat):
    run(cat, max_steps=2)
    (folder,) = (home / "runs").glob("*/cat-x")
    start = {"name": "dog-x", "num_vectors": 2, "model": cat["model"]}
    create(CreateSettings.build(start))
    with pytest.raises(TrainingError, match='is of the embedding "cat-x", not of "dog-x"'):
        run({**cat, "embedding": "dog-x"}, resume=str(folder))


def test_every_preview_prompt_is_drawn_with_its_seeds(home, cat):
    chosen = {"preview_prompt": "a [name]\n\n[name] on blue", "preview_images": 2}
    events = run(cat, save_image_every=4, **chosen)
    shown = [event for event in events if isinstance(event, Previewed)]
    assert [event.prompt for event in shown] == ["a <cat-x>"] * 2 + ["<cat-x> on blue"] * 2
    assert [Path(event.path).name for event in shown] == [
        "cat-x-4.png",
        "cat-x-4-2.png",
        "cat-x-4-3.png",
        "cat-x-4-4.png",
    ]


def test_evaluation_does_not_change_the_losses(home, cat):
    with_it = losses(run(cat, evaluate_every=1))
    make_cat(cat["model"])
    assert losses(run(cat, resume="never")) == with_it


def test_a_resumed_run_remembers_its_evaluations(home, cat):
    chosen = {"max_steps": 6, "evaluate_every": 1, "convergence_window": 4}
    whole = [event for event in run(cat, **chosen) if isinstance(event, Evaluated)]
    make_cat(cat["model"])
    first = run(cat, **{**chosen, "max_steps": 3})
    second = run(cat, **chosen)
    again = [event for event in first + second if isinstance(event, Evaluated)]
    assert again == whole


def test_a_converged_run_ends_when_asked(home, cat):
    chosen = {"evaluate_every": 1, "convergence_window": 4, "learning_rate": "1e-9"}
    events = run(cat, max_steps=50, stop_when_converged=True, **chosen)
    assert events[-1].reason == "converged"
    assert events[-1].step < 50
    assert files.read(home / "embeddings" / "cat-x.pt").step == events[-1].step


@pytest.mark.parametrize(
    "chosen",
    [
        {"optimizer": "spherical", "learning_rate": "0.01"},
        {"norm": "fixed"},
        {"ema_decay": 0.9},
        {"lr_scheduler": "cosine", "warmup_steps": 2},
        {"gradient_clipping": "norm", "clipping_threshold": "0.1:2, 0.01"},
        {"loss": "huber", "min_snr_gamma": 5, "noise_offset": 0.05, "caption_dropout": 0.5},
    ],
    ids=lambda chosen: next(iter(chosen)),
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


def test_another_optimizer_on_resume_is_one_sentence(home, cat):
    run(cat, max_steps=2)
    with pytest.raises(TrainingError, match="another optimizer"):
        run(cat, optimizer="spherical")


@pytest.mark.parametrize("kind", ["sd2", "sdxl"])
def test_the_other_families_train_too(home, pictures, stacks, kind):
    model = str(stacks[kind])
    path = create(CreateSettings(name="dog-x", initialization_text="dog", model=model))
    start = files.read(path).vectors
    cat = {"embedding": "dog-x", "dataset_dir": "pictures", "model": model}
    assert run(cat, save_image_every=4)[-1] == Finished(4, "done", str(path))
    learned = files.read(path).vectors
    assert [t.shape for t in learned] == [t.shape for t in start]
    assert all(not torch.equal(old, new) for old, new in zip(start, learned, strict=True))


def test_what_is_transparent_is_not_learned(home, cat, pictures):
    """Two sets that differ only where they are transparent teach the same."""
    from PIL import Image, ImageDraw

    results = []
    for hidden in ("white", "black"):
        make_cat(cat["model"])
        for path in pictures.glob("*.png"):
            picture = Image.new("RGBA", (64, 64), hidden)
            ImageDraw.Draw(picture).rectangle((0, 0, 31, 63), fill="red")
            mask = Image.new("L", (64, 64), 0)
            mask.paste(255, (0, 0, 32, 64))
            picture.putalpha(mask)
            picture.save(path)
        results.append(losses(run(cat, alpha_as_loss_weight=True, resume="never")))
    assert results[0] == results[1]


def test_weights_change_what_counts(home, cat, pictures):
    from PIL import Image

    for path in pictures.glob("*.png"):
        picture = Image.open(path).convert("RGBA")
        mask = Image.new("L", picture.size, 0)
        mask.paste(255, (0, 0, 20, 20))
        picture.putalpha(mask)
        picture.save(path)
    plain = losses(run(cat, resume="never"))
    make_cat(cat["model"])
    assert losses(run(cat, alpha_as_loss_weight=True, resume="never")) != plain


def test_running_out_of_memory_keeps_what_was_learned(home, cat, monkeypatch):
    step = Learner.step

    def starved(self, batch):
        if self.updates == 2:
            raise torch.OutOfMemoryError("out of memory")
        return step(self, batch)

    monkeypatch.setattr(Learner, "step", starved)
    with pytest.raises(TrainingError, match="The memory ran out; .* --pictures-at-once 1"):
        run(cat)
    assert files.read(home / "embeddings" / "cat-x.pt").step == 2
    assert len(list((home / "runs").rglob("cat-x-2.ckpt"))) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="they have an effect on a GPU")
def test_choices_for_a_gpu_are_named_on_a_cpu(home, cat):
    events = run(cat, max_steps=1, compile="auto", vae_offload=True)
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert warned == [
        "vae_offload has no effect on a CPU, whose memory is the main memory.",
        "compile has no effect here; it is automatic on a GPU only.",
    ]
