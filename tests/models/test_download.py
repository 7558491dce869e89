"""A model of the Hub, downloaded through the Hub's own client from a server on this machine."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hubserver import SHA, FakeHub

PROJECT = Path(__file__).resolve().parents[2]
UNET = "unet/diffusion_pytorch_model.safetensors"


def ti(home, endpoint, *words, **more):
    """Run `ti` in a process of its own: the client reads its variables once."""
    own = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home / "hub"),
        "PYTHONPATH": str(PROJECT),
        **more,
    }
    command = [sys.executable, "-m", "textual_inversion", *words]
    environment = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"} | own | more
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200)


@contextmanager
def hub_with(files):
    """A Hub with the model owner/model."""
    with FakeHub() as hub:
        hub.add("owner/model", files, revisions=("main", "v1", SHA))
        yield hub


def files_of(folder):
    """Read a diffusers folder as the Hub would hold it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_a_model_is_downloaded_into_hf_home_with_the_token_and_then_opens_offline(home, stacks):
    with hub_with(files_of(stacks["sd1"])) as hub:
        made = ti(home, hub.url, "models", "download", "owner/model", HF_TOKEN="hf_mine")
    assert made.returncode == 0, made.stderr
    assert str(home / "hub" / "hub" / "models--owner--model" / "snapshots" / SHA) in made.stdout
    assert "hf_mine" in hub.tokens
    offline = {"HF_HUB_OFFLINE": "1"}
    listed = json.loads(ti(home, hub.url, "models", "--json", **offline).stdout)
    assert [(m["name"], m["kind"], m["problem"]) for m in listed][-1] == (
        "owner/model", "hub", None,
    )  # fmt: skip
    created = ti(home, hub.url, "create", "cat-x", "--model", "owner/model", **offline)
    assert created.returncode == 0, created.stderr


@pytest.mark.slow
def test_a_broken_connection_is_gone_on_from_where_it_broke(home, stacks):
    # The client writes 10 MB at a time.
    with hub_with(files_of(stacks["sd1"]) | {UNET: bytes(24 << 20)}) as hub:
        hub.cuts[UNET] = 1
        assert ti(home, hub.url, "models", "download", "owner/model").returncode == 0
    begun = [asked for path, asked in hub.ranges if path.endswith(UNET)]
    assert begun == [None, f"bytes={10 << 20}-"]


@pytest.mark.slow
def test_what_a_failed_download_brought_is_not_fetched_again(home, stacks):
    with hub_with(files_of(stacks["sd1"])) as hub:
        hub.cuts[UNET] = 100
        broken = ti(home, hub.url, "models", "download", "owner/model")
        assert broken.returncode == 1
        assert 'ti: The base model "owner/model" is not on this machine' in broken.stderr
        assert "Traceback" not in broken.stderr
        hub.cuts.clear()
        hub.ranges.clear()
        assert ti(home, hub.url, "models", "download", "owner/model").returncode == 0
    fetched = [path for path, _ in hub.ranges]
    assert fetched == [f"/owner/model/resolve/{SHA}/{UNET}"]


@pytest.mark.slow
def test_a_revision_and_a_variant_are_asked_for_and_their_names_kept(home, stacks):
    files = files_of(stacks["sd1"])
    half = {n.replace(".safetensors", ".fp16.safetensors"): d for n, d in files.items()}
    with hub_with(files | half) as hub:
        words = ["models", "download", "owner/model", "--revision", "v1", "--variant", "fp16"]
        assert ti(home, hub.url, *words).returncode == 0
        wrong = ti(home, hub.url, "models", "download", "owner/model", "--variant", "fp8")
    asked = {path for path, _ in hub.ranges}
    assert f"/owner/model/resolve/{SHA}/{UNET}" not in asked
    assert f"/owner/model/resolve/{SHA}/{UNET.replace('.safe', '.fp16.safe')}" in asked
    assert 'no weights of the variant "fp8"; its variants: fp16.' in wrong.stderr
    listed = ti(home, hub.url, "models", HF_HUB_OFFLINE="1").stdout
    assert "owner/model@v1" in listed


@pytest.mark.slow
def test_the_flags_of_diffusers_ask_for_a_revision_and_a_variant(home, stacks, pictures):
    files = files_of(stacks["sd1"])
    half = {n.replace(".safetensors", ".fp16.safetensors"): d for n, d in files.items()}
    with hub_with(files | half) as hub:
        words = [
            "diffusers", "--pretrained_model_name_or_path=owner/model", "--revision=v1",
            "--variant=fp16", "--train_data_dir=pictures", "--placeholder_token=<cat-toy>",
            "--initializer_token=toy", "--resolution=64", "--max_train_steps=1",
            "--train_batch_size=1",
        ]  # fmt: skip
        trained = ti(home, hub.url, *words)
    assert trained.returncode == 0, trained.stderr
    weights = [path for path, _ in hub.ranges if path.endswith("safetensors")]
    assert weights
    assert all(path.endswith(".fp16.safetensors") for path in weights)
    assert any("/revision/v1" in path for path in hub.requests)
