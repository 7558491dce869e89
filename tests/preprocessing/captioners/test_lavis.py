"""LAVIS is reached in an environment of its own; here a stand-in of the same interface is there."""

import http.client
import os
import socket
import sys
import urllib.error
from pathlib import Path

import pytest
from PIL import Image

from commandline.main import main
from preprocessing.captioners import lavis, lavis_environment
from preprocessing.captioners.base import UncaptionedError
from preprocessing.captioners.lavis_worker import of_network
from tests.preprocessing.captioners.opening import opened
from tests.preprocessing.captioners.standin import wheel
from textual_inversion.errors import ModelError, SettingsError
from textual_inversion.settings import PreprocessSettings

RED, BLUE, BLACK, GREEN = (Image.new("RGB", (9, 9), c) for c in ("red", "blue", "black", "lime"))


MODEL = "blip_caption/tiny"


def asked(model=MODEL, **choices):
    return PreprocessSettings(
        source="a", destination="b", caption=("lavis",), lavis_model=model, **choices
    )


def test_without_its_environment_it_says_how_to_make_it(home):
    with pytest.raises(ModelError, match="make it with: ti captioners install lavis"):
        lavis.check(asked())


@pytest.mark.parametrize("model", ["blip_caption", "/tiny", ""])
def test_a_model_needs_a_name_and_a_type(model):
    with pytest.raises(SettingsError, match="must be a name and a type"):
        lavis.check(asked(model))


def test_an_environment_that_cannot_be_made_is_not_used(home, capsys):
    assert main(["captioners", "install", "lavis", "--python", "no-such-python"]) == 1
    assert "ti: no-such-python cannot be run" in capsys.readouterr().err
    assert not lavis_environment.is_installed()


def test_a_tool_that_fails_is_quoted(home):
    with pytest.raises(ModelError, match="could not be created; -m venv --clear failed: .*"):
        list(lavis_environment.install("false" if os.name != "nt" else "where"))


def test_a_process_without_lavis_says_so(tmp_path):
    worker = lavis.Worker(Path(sys.executable), weights=tmp_path)
    with pytest.raises(UncaptionedError, match="No module named 'lavis'"):
        worker.ask({"load": {"name": "a", "type": "b"}})
    worker.close()


class ReadTimeoutError(OSError):
    """In the manner of requests, whose errors all derive from OSError."""


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "is_of_network"),
    [
        (ReadTimeoutError("slow"), True),
        (ConnectionResetError(104, "reset"), True),
        (socket.gaierror(-2, "no such name"), True),
        (urllib.error.URLError("no way"), True),
        (http.client.IncompleteRead(b""), True),
        (caused(ValueError("no weights"), ReadTimeoutError("slow")), True),
        (FileNotFoundError("config.yaml"), False),
        (PermissionError("weights"), False),
        (RuntimeError("sizes differ"), False),
    ],
)
def test_a_failed_download_is_known_by_the_base_of_its_error(error, is_of_network):
    assert of_network(error) is is_of_network


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A working folder in which `ti captioners install lavis` was run, on the stand-in."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("PIP_NO_INDEX", "1")
        stand_in = (str(wheel(home)),)
        patch.setattr(lavis_environment.install, "__defaults__", ("", stand_in))
        assert main(["captioners", "install", "lavis"]) == 0
    return home


@pytest.fixture
def there(installed, monkeypatch):
    monkeypatch.chdir(installed)


@pytest.mark.slow
def test_it_captions_and_names_what_it_cannot(there):
    captioner = opened(lavis, MODEL, caption_num_beams=3, caption_min_length=4)
    assert captioner.caption([RED, BLUE]) == ["a red house 3 4 48", "a blue house 3 4 48"]
    with pytest.raises(UncaptionedError, match="could not be captioned by LAVIS: .*too dark$"):
        captioner.caption([BLACK])
    assert captioner.caption([RED]) == ["a red house 3 4 48"]
    captioner.close()


@pytest.mark.slow
def test_a_process_that_ends_is_told_with_its_last_words(there):
    captioner = opened(lavis, MODEL)
    with pytest.raises(ModelError, match="LAVIS's process has ended: green is the end"):
        captioner.caption([GREEN])
    captioner.close()


@pytest.mark.slow
def test_a_model_that_it_does_not_have_is_told(there):
    with pytest.raises(ModelError, match=r"LAVIS cannot load x/y: .*no y of x"):
        opened(lavis, "x/y")


@pytest.mark.slow
def test_weights_that_are_not_to_be_had_are_told(there):
    for model, reason in {"far/away": "no way there", "slow/away": "too slow"}.items():
        with pytest.raises(ModelError, match=rf"no weights of {model} in .*{reason}.*internet"):
            opened(lavis, model)


@pytest.mark.slow
def test_it_is_listed_with_what_it_still_needs(there, capsys):
    assert main(["captioners"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["blip", "deepdanbooru", "wd14", "lavis"]
    assert "downloads the weights of blip_caption/large_coco into models/lavis/weights" in lines[3]
