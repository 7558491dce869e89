import json

import pytest

from commandline.commands.machine import diagnosis
from commandline.main import main
from tests.hubserver import TOKEN


@pytest.mark.slow
def test_it_tells_versions_devices_precisions_captioners_and_formats(home, capsys, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert main(["doctor", "--json"]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert {one["about"] for one in found} == {
        "version", "device", "precision", "picture", "captioner", "option", "hub"
    }  # fmt: skip
    states = {one["name"]: one["state"] for one in found}
    assert states["fp32"].startswith("gradients as on the CPU in fp32, relative error")
    assert states["WebP"] == "read"
    assert {"blip", "deepdanbooru", "wd14"} <= set(states)
    assert TOKEN not in printed


@pytest.mark.slow
def test_in_a_pipe_it_is_a_line_each_and_wrong_gradients_fail(home, capsys, monkeypatch):
    monkeypatch.setattr(diagnosis, "gradient_error", lambda *_, **__: 0.5)
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:3] == ["precision", "fp32", "WRONG"] for line in lines)
