import pytest
import torch
from PIL import Image

from textual_inversion.data.folder import read_folder
from textual_inversion.data.masks import crop_weights, loss_weights
from textual_inversion.data.resizing import Fit
from textual_inversion.errors import DatasetError
from textual_inversion.events import Warned


def test_no_mask_and_a_uniform_mask_weigh_all_alike():
    ones = torch.ones(1, 2, 3)
    assert torch.equal(loss_weights(None, 3, 2), ones)
    for shade in (0, 128, 255):
        assert torch.equal(loss_weights(Image.new("L", (24, 16), shade), 3, 2), ones)


def test_the_mask_keeps_its_place_at_any_aspect():
    mask = Image.new("L", (32, 16), 0)
    mask.paste(255, (24, 0, 32, 16))
    assert loss_weights(mask, 4, 2).tolist() == [[[0, 0, 0, 4], [0, 0, 0, 4]]]


def test_half_transparent_is_half_the_weight():
    mask = Image.new("L", (16, 8), 254)
    mask.paste(127, (0, 0, 8, 8))
    left, right = loss_weights(mask, 2, 1).flatten().tolist()
    assert right == 2 * left


def test_transparency_is_read_only_when_asked(tmp_path):
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "a.png")
    (plain,) = read_folder(tmp_path, Fit(64, 64))
    (masked,) = read_folder(tmp_path, Fit(64, 64), masks=True)
    assert plain.mask is None
    assert masked.mask.getextrema() == (0, 0)
    assert masked.picture.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("ending", [".mask.png", "-masklabel.png"])
def test_a_mask_file_goes_before_transparency_and_is_no_picture(tmp_path, ending):
    Image.new("RGBA", (100, 50), (255, 0, 0, 0)).save(tmp_path / "a.png")
    mask = Image.new("L", (200, 100), 0)
    mask.paste(255, (100, 0, 200, 100))
    mask.save(tmp_path / f"a{ending}")
    (item,) = read_folder(tmp_path, Fit(64, 32), masks=True)
    assert (item.path.name, item.mask.size) == ("a.png", (64, 32))
    assert (item.mask.getpixel((8, 16)), item.mask.getpixel((56, 16))) == (0, 255)


def test_a_mask_is_cut_like_its_picture(tmp_path):
    Image.new("RGB", (128, 64), "red").save(tmp_path / "a.png")
    mask = Image.new("L", (128, 64), 0)
    mask.paste(255, (32, 0, 96, 64))
    mask.save(tmp_path / "a.mask.png")
    (item,) = read_folder(tmp_path, Fit(64, 64), masks=True)
    assert item.mask.getextrema()[0] > 200


def test_a_mask_of_another_shape_is_named(tmp_path):
    for name, size in (("a.png", (64, 64)), ("b.png", (64, 64)), ("a.mask.png", (64, 32))):
        Image.new("RGB", size).save(tmp_path / name)
    warned, item = read_folder(tmp_path, Fit(64, 64), masks=True)
    assert isinstance(warned, Warned)
    assert "a.mask.png has a different aspect ratio" in warned.message
    assert item.path.name == "b.png"


def test_a_mask_without_its_picture_is_a_picture(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "lone.mask.png")
    assert [item.path.name for item in read_folder(tmp_path, Fit(64, 64))] == ["lone.mask.png"]


def test_the_weights_of_a_part_are_of_mean_one_again():
    weights = torch.tensor([[[0.0, 0.5, 1.5, 2.0]]])
    part = crop_weights(weights, left=2, top=0, height=1, width=2)
    assert part.flatten().tolist() == pytest.approx([1.5 / 1.75, 2 / 1.75])
    assert crop_weights(weights, left=0, top=0, height=1, width=4) is weights


def test_a_folder_of_masks_alone_with_broken_pictures_is_said(tmp_path):
    (tmp_path / "a.png").write_bytes(b"broken")
    Image.new("L", (8, 8)).save(tmp_path / "a.mask.png")
    with pytest.raises(DatasetError, match="No picture in"):
        list(read_folder(tmp_path, Fit(64, 64), masks=True))
