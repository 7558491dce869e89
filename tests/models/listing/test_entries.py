import os
import shutil

import pytest
import torch
from safetensors.torch import save_file

from tests import ldm, tiny
from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model, list_models
from textual_inversion.models.hub import list_cached
from textual_inversion.models.listing import entries, hashes
from textual_inversion.models.listing.entries import list_entries
from textual_inversion.models.listing.folders import added_folders, keep_folders
from textual_inversion.models.listing.vaes import find_vae, list_vaes


@pytest.fixture
def more(home, stacks, tmp_path_factory):
    """Another folder than models/, which is scanned as well."""
    folder = tmp_path_factory.mktemp("more")
    shutil.copytree(stacks["sd2"], folder / "deep" / "two")
    keep_folders([str(folder)])
    return folder


def listed(**changed):
    return {entry.name: entry for entry in list_entries()} | changed


def test_folders_and_files_of_all_scanned_folders_are_listed(home, stacks, more):
    shutil.copytree(stacks["sd1"], home / "models" / "one")
    (home / "models" / "bad.safetensors").write_bytes(b"x")
    found = listed()
    assert list(found) == [
        "models/pocket", "models/bad.safetensors", "models/one", str(more / "deep" / "two"),
    ]  # fmt: skip
    one, two = found["models/one"], found[str(more / "deep" / "two")]
    assert (one.kind, one.prediction, one.size, one.widths) == ("folder", "epsilon", 64, (32,))
    assert (two.prediction, two.widths) == ("v_prediction", (48,))
    assert one.num_bytes > 100_000
    assert "damaged or not a safetensors file" in found["models/bad.safetensors"].problem
    assert describe_model(str(more / "deep" / "two")).widths == (48,)
    assert describe_model("deep/two").folder == more / "deep" / "two"


@pytest.mark.slow
def test_a_single_file_says_what_it_predicts_where_it_can(home):
    tensors = {n: t.clone().contiguous() for n, t in ldm.build(home / "x" / "y", "sd2").items()}
    save_file(tensors, home / "models" / "unsaid.safetensors")
    stated = {"modelspec.prediction_type": "epsilon"}
    save_file(tensors, home / "models" / "stated.safetensors", metadata=stated)
    save_file(tensors | {"v_pred": torch.zeros(0)}, home / "models" / "v.safetensors")
    found = listed()
    assert [found[f"models/{n}.safetensors"].prediction for n in ("unsaid", "stated", "v")] == [
        "", "epsilon", "v_prediction",
    ]  # fmt: skip


def test_a_folder_that_leads_to_itself_is_scanned_once(home, stacks):
    shutil.copytree(stacks["sd1"], home / "models" / "sub" / "one")
    (home / "models" / "sub" / "again").symlink_to(home / "models")
    assert list_models() == ["models/pocket", "models/sub/one"]


def test_a_file_is_read_again_only_when_it_has_changed(home, monkeypatch):
    (home / "models" / "bad.safetensors").write_bytes(b"x")
    first = listed()
    monkeypatch.setattr(entries, "describe", None)
    assert listed() == first
    (home / "models" / "bad.safetensors").write_bytes(b"another size")
    with pytest.raises(TypeError):
        list_entries()


def test_added_folders_are_kept_for_the_next_process_and_a_wrong_one_is_refused(home, more):
    assert added_folders() == [more]
    with pytest.raises(ModelError, match="nowhere is not a folder"):
        keep_folders(["nowhere"])
    assert added_folders() == [more]
    keep_folders([])
    assert added_folders() == []


@pytest.mark.parametrize("content", ["{", '{"a": 1}', "[1]", "[" * 100_000, "x" * 2**20])
def test_a_broken_list_of_folders_is_an_empty_one(home, content):
    keep_folders([])
    (home / ".textual-inversion" / "model_folders.json").write_text(content)
    assert added_folders() == []


def test_a_vae_is_no_base_model_and_found_by_its_name(home):
    (home / "models" / "VAE").mkdir()
    vae = tiny.vae().state_dict()
    save_file(vae, home / "models" / "VAE" / "mine.safetensors")
    assert list_models() == ["models/pocket"]
    assert listed()["models/VAE/mine.safetensors"].kind == "vae"
    assert list_vaes() == ["models/VAE/mine.safetensors"]
    assert find_vae("mine.safetensors") == home / "models" / "VAE" / "mine.safetensors"
    with pytest.raises(ModelError, match='There is no VAE "other"; give the path'):
        find_vae("other")


def test_a_hash_is_computed_once_until_the_file_changes(home, monkeypatch):
    path = home / "models" / "x.safetensors"
    path.write_bytes(b"abc")
    assert hashes.known_hash(path) is None
    assert hashes.short_hash(path) == "ba7816bf8f"  # of SHA-256("abc"), as FIPS 180-4 gives it
    assert listed()["models/x.safetensors"].short_hash == "ba7816bf8f"
    monkeypatch.setattr(hashes.hashlib, "file_digest", None)
    assert hashes.short_hash(path) == "ba7816bf8f"
    os.utime(path, ns=(0, 0))
    assert hashes.known_hash(path) is None


def test_models_of_the_hubs_cache_are_listed_by_branch(home, stacks, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "cache"))
    cached = home / "cache" / "models--owner--model"
    shutil.copytree(stacks["sd1"], cached / "snapshots" / "c0ffee")
    (cached / "refs").mkdir()
    for ref in ("main", "v1"):
        (cached / "refs" / ref).write_text("c0ffee")
    (home / "cache" / "models--owner--broken" / "refs").mkdir(parents=True)
    (home / "cache" / "models--owner--broken" / "refs" / "main").write_text("c0ffee")
    assert list(list_cached()) == ["owner/model", "owner/model@v1"]
