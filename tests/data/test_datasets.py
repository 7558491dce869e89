"""Pictures of several shapes, through a whole run."""

import pytest
import torch
from PIL import Image

from tests.cats import losses, make_cat, run, settings, vectors
from tests.marks import slow
from tests.training.test_learner import make
from textual_inversion.data.latent_cache import LatentCache
from textual_inversion.events import Stepped
from textual_inversion.runs.requests import Control
from textual_inversion.training.run import train


@pytest.fixture
def shapes(cat, pictures):
    """Beside three upright pictures a wide one with a mask, which comes twice."""
    (pictures / "2_wide").mkdir()
    wide = Image.linear_gradient("L").resize((150, 70)).convert("RGB")
    wide.save(pictures / "2_wide" / "wide.png")
    Image.linear_gradient("L").resize((150, 70)).save(pictures / "2_wide" / "wide.mask.png")
    return cat


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        {"picture_sizes": "buckets", "alpha_as_loss_weight": True},
        slow({"picture_sizes": "own", "latent_cache": "disk"}),
        slow({"crop": "random", "latent_sampling": "random", "alpha_as_loss_weight": True}),
    ],
    ids=lambda chosen: "-".join(map(str, chosen)),
)
def test_every_way_of_reading_pictures_goes_on_exactly(home, shapes, chosen):
    chosen = {"max_steps": 6, "flip": 0.5, **chosen}
    whole = losses(run(shapes, **chosen))
    unbroken = vectors(home)
    make_cat(shapes["model"])
    control, first = Control(), []
    for event in train(settings(shapes, **chosen), control):
        first.append(event)
        if isinstance(event, Stepped) and event.step == 3:
            control.stop.set()
    assert losses(first) + losses(run(shapes, **chosen)) == whole
    assert torch.equal(vectors(home), unbroken)


@pytest.mark.slow
def test_buckets_keep_the_shapes_of_pictures(stacks):
    learner, _ = make(stacks, "sd1")
    cache = LatentCache(learner.model, "once", seed=0, flips=False)
    list(cache.fill([Image.new("RGB", (64, 64)), Image.new("RGB", (80, 48))]))
    assert [cache.shape(item) for item in (0, 1)] == [(8, 8), (6, 10)]
    assert cache.sample(1, flipped=False, position=0).shape == (4, 6, 10)


@pytest.mark.slow
def test_a_random_crop_shows_other_parts_and_the_same_one_again(stacks):
    learner, _ = make(stacks, "sd1")
    picture = Image.linear_gradient("L").rotate(90).resize((128, 64)).convert("RGB")
    cache = LatentCache(learner.model, "deterministic", seed=0, flips=False)
    list(cache.fill([picture], [(64, 64)]))
    seen = [cache.view(0, flipped=False, position=at).left for at in range(20)]
    assert set(seen) <= set(range(9))
    assert len(set(seen)) > 3
    shown = [cache.sample(0, flipped=False, position=at) for at in range(20)]
    for at in range(1, 20):
        assert torch.equal(shown[at], shown[0]) == (seen[at] == seen[0])
    assert cache.view(0, flipped=True, position=None).left == 4
