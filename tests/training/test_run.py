"""A run does what it says, and leaves the files it names."""

import json
from pathlib import Path

import pytest
import torch

from tests.cats import losses, make_cat, run, settings, vectors
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.create import create
from textual_inversion.events import (
    Evaluated,
    Finished,
    Loading,
    Measured,
    Previewed,
    Saved,
    Started,
    Stepped,
    Throughput,
)
from textual_inversion.settings import CreateSettings, TrainSettings


@pytest.mark.slow
def test_a_run_says_what_it_does_and_leaves_its_files(home, cat):
    events = run(cat, save_image_every=2, save_embedding_every=3, checkpoint_every=2)
    kinds = [
        type(event) for event in events if not isinstance(event, (Loading, Stepped, Throughput))
    ]
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


@pytest.mark.slow
def test_a_snapshot_holds_exactly_the_updates_of_its_name(home, cat):
    run(cat, max_steps=3, learning_rate="0.005")
    after_three = vectors(home)
    chosen = {"save_embedding_every": 3, "resume": "never", "learning_rate": "0.005"}
    run(cat, max_steps=5, **chosen)
    make_cat(cat["model"])
    run(cat, max_steps=5, **chosen)
    snapshot = formats.read(next((home / "runs").glob("*/*/embeddings/cat-x-3.pt")))
    assert (snapshot.step, snapshot.name) == (3, "cat-x-3")
    assert torch.equal(snapshot.vectors[0], after_three)


@pytest.mark.slow
def test_all_pictures_of_one_snapshot_carry_its_step(home, cat):
    run(cat, save_image_every=2)
    carrier = formats.read(next((home / "runs").glob("*/*/image_embeddings/cat-x-2.png")))
    assert (carrier.step, carrier.name, carrier.num_vectors) == (2, "cat-x-2", 2)


@pytest.mark.slow
def test_previews_do_not_change_the_losses(home, cat):
    with_previews = losses(run(cat, save_image_every=1))
    make_cat(cat["model"])
    assert losses(run(cat, resume="never")) == with_previews


def test_only_the_vectors_change(home, cat):
    from textual_inversion.models.opening import open_model

    model = open_model(cat["model"])
    frozen = (model.unet, model.vae, model.text.encoders[0].model)
    before = [value.clone() for module in frozen for value in module.state_dict().values()]
    start = vectors(home)
    run(cat)
    after = [value for module in frozen for value in module.state_dict().values()]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    assert not torch.equal(vectors(home), start)


def test_the_run_folder_keeps_the_settings_that_made_it(home, cat):
    run(cat, max_steps=2)
    (path,) = (home / "runs").glob("*/*/settings.json")
    assert TrainSettings.build(json.loads(path.read_text())) == settings(cat, max_steps=2)


@pytest.mark.slow
def test_the_fixed_batch_is_read_at_its_interval_and_the_best_is_kept(home, cat):
    events = run(cat, max_steps=6, evaluate_every=2)
    read = [event for event in events if isinstance(event, Evaluated)]
    assert [event.step for event in read] == [2, 4, 6]
    best = formats.read(next((home / "runs").glob("*/*/embeddings/cat-x-best.pt")))
    assert best.step == min(read, key=lambda event: event.loss).step


def test_the_vectors_are_measured_beside_the_vocabulary(home, cat):
    measured = [e for e in run(cat, evaluate_every=4) if isinstance(e, Measured)]
    (only,) = measured
    assert (only.step, len(only.norms), only.nearest) == (4, 2, ("red", "cat"))
    assert all(0 < moved < 1 for moved in only.moved)
    assert only.cosines[0] == only.cosines[1] < 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_evaluation_does_not_change_the_losses(home, cat):
    with_it = losses(run(cat, evaluate_every=1))
    make_cat(cat["model"])
    assert losses(run(cat, resume="never")) == with_it


@pytest.mark.slow
def test_a_converged_run_ends_when_asked(home, cat):
    chosen = {"evaluate_every": 1, "convergence_window": 4, "learning_rate": "1e-9"}
    events = run(cat, max_steps=50, stop_when_converged=True, **chosen)
    assert events[-1].reason == "converged"
    assert events[-1].step < 50
    assert formats.read(home / "embeddings" / "cat-x.pt").step == events[-1].step


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd2", "sdxl"])
def test_the_other_families_train_too(home, pictures, stacks, kind):
    model = str(stacks[kind])
    path = create(CreateSettings(name="dog-x", initialization_text="dog", model=model))
    start = formats.read(path).vectors
    cat = {"embedding": "dog-x", "dataset_dir": "pictures", "model": model}
    assert run(cat, save_image_every=4)[-1] == Finished(4, "finished", str(path))
    learned = formats.read(path).vectors
    assert [t.shape for t in learned] == [t.shape for t in start]
    assert all(not torch.equal(old, new) for old, new in zip(start, learned, strict=True))


@pytest.mark.slow
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


@pytest.mark.slow
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
