import torch
from PIL import Image

from textual_inversion.data.folder import read_folder
from textual_inversion.data.masks import loss_weights


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
    (plain,) = read_folder(tmp_path, 64, 64)
    (masked,) = read_folder(tmp_path, 64, 64, masks=True)
    assert plain.mask is None
    assert masked.mask.getextrema() == (0, 0)
    assert masked.picture.getpixel((0, 0)) == (255, 255, 255)
