"""`ti captioners` says of each what it needs, in a line."""

from textual_inversion.cli import main


def test_each_captioner_says_whether_it_is_ready(home, capsys, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "cache"))
    assert main(["captioners"]) == 0
    blip, deepdanbooru, _, lavis = capsys.readouterr().out.splitlines()
    assert blip.split(maxsplit=1)[0] == "blip"
    assert deepdanbooru.startswith("deepdanbooru  missing: There is no DeepDanbooru model at")
    assert lavis.endswith("make it with: ti captioners install lavis")
