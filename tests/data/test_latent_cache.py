import pytest
from PIL import Image

from textual_inversion.data.latent_cache import LatentCache
from textual_inversion.models.base import Moments
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "batch_size", "passes"),
    [([(64, 64)] * 5, 4, [4, 1]), ([(64, 64)] * 5, 2, [2, 2, 1]), ([(512, 512)] * 5, 4, [1] * 5),
     ([(512, 256)] * 5, 4, [2, 2, 1]), ([(1024, 1024)] * 5, 4, [1] * 5),
     ([(512, 512), (64, 64), (512, 512), (64, 64), (512, 512)], 4, [2, 1, 1, 1])],
)  # fmt: skip
def test_large_pictures_are_encoded_one_by_one(stacks, monkeypatch, sizes, batch_size, passes):
    model = load_model(describe_model(str(stacks["sd1"])))
    seen = []

    def encode(pictures):
        seen.append(len(pictures))
        return Moments(*[model.vae.post_quant_conv.weight.new_zeros(len(pictures), 4, 1, 1)] * 2)

    monkeypatch.setattr(type(model), "encode_pictures", lambda _, pictures: encode(pictures))
    cache = LatentCache(model, "once", seed=0, flips=False, batch_size=batch_size)
    done = list(cache.fill([Image.new("RGB", size) for size in sizes]))
    assert seen == passes
    assert done[-1] == 5


@pytest.mark.slow
def test_the_shape_of_latents_is_height_first_and_a_size_width_first(stacks):
    cache = LatentCache(load_model(describe_model(str(stacks["sd1"]))), "once", seed=0, flips=False)
    list(cache.fill([Image.new("RGB", (64, 32))]))
    shape, vae_scale_factor = cache.shape(0), cache.model.info.vae_scale_factor
    assert cache.sizes == [(64, 32)]
    assert (shape.height * vae_scale_factor, shape.width * vae_scale_factor) == (32, 64)
    assert shape == cache.sample(0, flipped=False, position=0).shape[-2:]
