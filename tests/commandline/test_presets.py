"""`ti presets`, and `ti train --preset`."""

import json

import pytest

from commandline.flags import read_settings
from commandline.main import main, make_parser
from textual_inversion.settings import TrainSettings


@pytest.fixture(autouse=True)
def _folder(home):
    (home / "presets").mkdir()


def trained(*flags):
    args = make_parser(["train"]).parse_args(["train", "cat", "--dataset-dir", "x", *flags])
    return read_settings(args, TrainSettings)


def test_presets_are_listed_with_what_they_set(home, capsys):
    assert main(["presets"]) == 0
    quick, *_ = capsys.readouterr().out.splitlines()
    assert quick.startswith("quick ")
    assert quick.endswith("max-steps 100, save-image-every 20, save-embedding-every 20")
    assert main(["presets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["low-vram"]["pictures_at_once"] == 1


def test_one_of_ones_own_is_kept_from_a_file_and_trained_with(home, capsys):
    (home / "settings.json").write_text(trained("--max-steps", "7").to_json())
    assert main(["presets", "mine", "--from", str(home / "settings.json")]) == 0
    assert "train with --preset mine" in capsys.readouterr().out
    assert trained("--preset", "mine").max_steps == 7
    assert trained("--preset", "mine", "--max-steps", "500").max_steps == 500
    assert main(["presets", "mine"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "max_steps": 7}
    assert main(["presets", "mine", "--delete"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mine", "--delete"], '"mine" is no preset of your own'),
        (["quick", "--delete"], '"quick" is no preset of your own'),
        (["nowhere"], 'There is no preset "nowhere"'),
        (["--delete"], "--from and --delete need the NAME"),
        (["mine", "--from", "nowhere.json"], "The preset nowhere.json cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(home, capsys, arguments, said):
    assert main(["presets", *arguments]) == 2
    assert said in capsys.readouterr().err
