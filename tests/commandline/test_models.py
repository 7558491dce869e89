import json
import shutil

import pytest

from commandline.main import main


@pytest.fixture
def one(home, stacks):
    shutil.copytree(stacks["sd1"], home / "models" / "one")
    (home / "models" / "bad.ckpt").write_bytes(b"x")


def test_models_are_listed_with_what_they_are(home, one, capsys):
    assert main(["models"]) == 0
    pocket, bad, mine = capsys.readouterr().out.splitlines()
    assert pocket.startswith("models/pocket ")
    assert "models/bad.ckpt                  cannot be used: The base model" in bad
    assert "Stable Diffusion 1.x, 2.x, epsilon, 64 px, 0.00 GB" in mine


def test_hashes_are_computed_when_asked_for_and_kept(home, one, capsys):
    assert main(["models", "--hash", "--json"]) == 0
    first = {m["name"]: m["short_hash"] for m in json.loads(capsys.readouterr().out)}
    assert (first["models/bad.ckpt"], len(first["models/one"])) == (None, 10)
    assert main(["models", "--json"]) == 0
    assert {m["name"]: m["short_hash"] for m in json.loads(capsys.readouterr().out)} == first


def test_folders_are_added_and_a_wrong_name_of_the_hub_is_refused(home, stacks, capsys):
    assert main(["models", "--folders", str(stacks["sd1"].parent)]) == 0
    assert str(stacks["sd2"]) in capsys.readouterr().out
    assert main(["models", "download", "no-owner"]) == 1
    assert '"no-owner" is no name of a model on the Hub' in capsys.readouterr().err
