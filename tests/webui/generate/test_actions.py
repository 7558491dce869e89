import zipfile

import gradio as gr
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from webui.generate.actions import settings_of, zip_pictures

TEXT = "a cat\nSteps: 9, Sampler: Euler, CFG scale: 3, Seed: 4, Size: 64x64, Model: {}"


def picture(path, text):
    info = PngInfo()
    info.add_text("parameters", text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def test_a_picture_s_settings_name_the_base_model_as_it_is_listed_here(home, stacks):
    (home / "models" / "tiny").symlink_to(stacks["sd1"])
    read = settings_of(picture(home / "a.png", TEXT.format("tiny")))
    assert (read["model"], read["steps"], read["sampler"]) == ("models/tiny", 9, "Euler")
    assert "model" not in settings_of(picture(home / "b.png", TEXT.format("dreamy")))


@pytest.mark.parametrize("text", ["", "made by hand"])
def test_a_picture_without_settings_is_said(tmp_path, text):
    with pytest.raises(gr.Error, match="carries no settings"):
        settings_of(picture(tmp_path / "a.png", text))


def test_pictures_of_several_days_keep_apart_in_one_archive(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    paths = [tmp_path / day / "00000-1.png" for day in ("2026-01-01", "2026-01-02")]
    for path in paths:
        path.parent.mkdir()
        picture(path, path.parent.name)
    with zipfile.ZipFile(zip_pictures(paths)) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            f"{path.parent.name}-{path.name}": path.read_bytes() for path in paths
        }
