import json

import pytest
from PIL import Image

from commandline.main import main


@pytest.mark.slow
def test_the_words_come_as_json_too(home, stacks, capsys):
    (home / "photos").mkdir()
    Image.new("RGB", (64, 64), "red").save(home / "photos" / "red.png")
    argv = ["suggest-words", "photos", "--words", "cat, red", "--draws", "2", "--events", "json"]
    assert main([*argv, "--model", str(stacks["sd1"])]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [line for line in lines if line["event"] == "suggested"]
    assert {line["word"] for line in found} == {"cat", "red"}
    assert [line["loss"] for line in found] == sorted(line["loss"] for line in found)
    assert all(set(line) == {"event", "word", "loss", "gain"} for line in found)
