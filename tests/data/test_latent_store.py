import pytest
import torch
from PIL import Image

from textual_inversion.data.latent_cache import LatentCache
from textual_inversion.data.latent_store import LatentStore
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.loading import load_model


@pytest.fixture(scope="module")
def model(stacks):
    return load_model(describe_model(str(stacks["sd1"])))


def fill(model, folder, colour="red", **changes):
    """Fill a cache with two pictures and give it with the number of those it had to encode."""
    cache = LatentCache(
        model, "random", seed=0, flips=True, store=LatentStore(folder, model), **changes
    )
    encoded = []
    compute = cache._compute
    cache._compute = lambda pictures: encoded.append(len(pictures)) or compute(pictures)
    list(cache.fill([Image.new("RGB", (64, 64), colour), Image.new("RGB", (72, 64), "blue")]))
    return cache, sum(encoded)


def same(one, other):
    return all(
        torch.equal(mine, yours)
        for view, moments in one._moments.items()
        for mine, yours in zip(moments, other._moments[view], strict=True)
    )


@pytest.mark.slow
def test_a_later_run_reads_what_an_earlier_one_computed(model, tmp_path):
    (first, computed), (second, again) = fill(model, tmp_path), fill(model, tmp_path)
    # A mirrored plain colour is the same picture.
    assert (computed, again) == (2, 0)
    assert same(first, second)


def test_another_picture_or_another_autoencoder_is_computed_anew(model, tmp_path, monkeypatch):
    fill(model, tmp_path)
    assert fill(model, tmp_path, colour="white")[1] == 1
    monkeypatch.setitem(model.__dict__, "vae_hash", "another")
    assert fill(model, tmp_path)[1] == 2


@pytest.mark.parametrize("damage", [b"", b"junk" * 50, None])
def test_a_broken_file_is_made_anew(model, tmp_path, damage):
    first, _ = fill(model, tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    second, computed = fill(model, tmp_path)
    assert computed == 2
    assert same(first, second)
    assert fill(model, tmp_path)[1] == 0


def test_a_folder_that_cannot_be_written_is_no_obstacle(model, tmp_path):
    (tmp_path / "taken").write_text("a file")
    cache, computed = fill(model, tmp_path / "taken")
    assert computed == 4
    assert cache.store.problem.startswith("The latents are kept in memory only.")


@pytest.mark.slow
def test_the_weights_name_an_autoencoder(model, stacks):
    again = load_model(describe_model(str(stacks["sd1"])))
    assert again.vae_hash == model.vae_hash
    with torch.no_grad():
        next(again.vae.parameters()).add_(1)
    del again.__dict__["vae_hash"]
    assert again.vae_hash != model.vae_hash
