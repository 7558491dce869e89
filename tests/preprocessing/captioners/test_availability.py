"""`ti captioners` says of each what it needs, in a line."""

import json
import zipfile

from commandline.main import main


def told(name, capsys):
    """What `ti captioners` says of one."""
    assert main(["captioners"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return next(line for line in lines if line.startswith(name)).split(maxsplit=1)[1]


def test_each_captioner_says_whether_it_is_ready(home, capsys, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home / "cache"))
    assert main(["captioners"]) == 0
    blip, deepdanbooru, _, lavis = capsys.readouterr().out.splitlines()
    assert blip.split(maxsplit=1)[0] == "blip"
    assert deepdanbooru.startswith("deepdanbooru  missing: There is no DeepDanbooru model at")
    assert lavis.endswith("make it with: ti captioners install lavis")


def test_a_project_of_deepdanbooru_is_ready_only_when_it_is_whole(home, capsys, monkeypatch):
    monkeypatch.setattr(
        "preprocessing.captioners.deepdanbooru.captioner.require_package", lambda *_, **__: None
    )
    folder = home / "models" / "deepdanbooru"
    folder.mkdir()
    (folder / "project.json").write_text('{"model": "x"}')
    assert "missing: The project" in told("deepdanbooru", capsys)
    with zipfile.ZipFile(folder / "model-x.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {}}))
    assert "tags.txt cannot be read" in told("deepdanbooru", capsys)
    (folder / "tags.txt").write_text("\n")
    assert "missing: " in told("deepdanbooru", capsys)
    (folder / "tags.txt").write_text("cat\n")
    assert told("deepdanbooru", capsys).startswith("ready, ")


def test_the_port_of_deepdanbooru_is_not_ready_when_its_file_is_empty(home, capsys):
    folder = home / "models" / "deepdanbooru"
    folder.mkdir()
    (folder / "model-resnet_custom_v3.pt").touch()
    assert "is an empty file" in told("deepdanbooru", capsys)


def test_blip_is_ready_only_when_all_of_it_is_there(home, capsys):
    folder = home / "models" / "blip-image-captioning-base"
    folder.mkdir()
    for name, lacking in (
        ("config.json", "it has no *.safetensors"),
        ("model.safetensors", "it has no preprocessor_config.json or"),
        ("preprocessor_config.json", "it has no tokenizer.json or"),
    ):
        (folder / name).write_text("{}")
        assert lacking in told("blip", capsys)
    (folder / "tokenizer.json").write_text("{}")
    assert told("blip", capsys) == f"ready, in {folder.relative_to(home)}"


def test_a_part_of_a_model_in_the_hubs_cache_is_not_ready(home, capsys, monkeypatch):
    (home / "snapshot").mkdir()
    config = home / "snapshot" / "config.json"
    config.write_text("{}")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: str(config))
    assert told("blip", capsys).startswith("downloads ")


def test_lavis_without_weights_is_not_ready(home, capsys, monkeypatch):
    monkeypatch.setattr("preprocessing.captioners.lavis.is_installed", lambda: True)
    assert told("lavis", capsys).startswith("downloads the weights of ")
    (home / "models" / "lavis" / "weights").mkdir(parents=True)
    (home / "models" / "lavis" / "weights" / "x.pth").touch()
    assert told("lavis", capsys).startswith("ready, ")
