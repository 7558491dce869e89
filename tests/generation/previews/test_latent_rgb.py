import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.generation.drawing import scene
from textual_inversion.generation.previews.latent_rgb import FILE, fit, latent_rgb, to_picture
from textual_inversion.models.opening import open_model


def test_a_fit_leaves_less_than_any_matrix_near_it(stacks, tmp_path):
    model = open_model(str(stacks["sd1"]))
    with Image.open(scene(tmp_path / "a.png")) as picture:
        matrix, explained = fit(model, [picture])
        latents = model.scale_latents(model.encode_pictures([picture]).mean)[0]
        wanted = torch.from_numpy(np.asarray(picture.resize((8, 8), Image.Resampling.BOX)) / 127.5)

    def left(rows):
        colours = latents.permute(1, 2, 0) @ rows[:-1] + rows[-1]
        return float((colours - (wanted - 1)).square().sum())

    variance = float((wanted - wanted.mean((0, 1))).square().sum())
    assert explained == pytest.approx(1 - left(matrix) / variance, abs=1e-3)
    assert all(left(matrix) < left(matrix + by * torch.eye(5, 3)) for by in (-0.01, 0.01))


def test_a_model_s_own_matrix_comes_before_its_family_s(stacks, tmp_path):
    model = open_model(str(stacks["sd1"]))
    assert latent_rgb(model)[0].tolist() == pytest.approx([0.298, 0.207, 0.208])
    path = stacks["sd1"] / FILE
    try:
        path.write_text(json.dumps({"rows": [[1.0, 2.0, 3.0]] * 5}))
        assert latent_rgb(model).tolist() == [[1.0, 2.0, 3.0]] * 5
        path.write_text('{"rows": [[1]]}')
        assert latent_rgb(model)[0].tolist() == pytest.approx([0.298, 0.207, 0.208])
    finally:
        path.unlink()


@pytest.mark.slow
def test_colours_are_bounded_and_a_picture_has_the_latents_size(stacks):
    matrix = latent_rgb(open_model(str(stacks["sdxl"])))
    wild = torch.full((4, 3, 5), float("inf"))
    assert np.asarray(to_picture(wild, matrix)).shape == (3, 5, 3)


@pytest.mark.slow
def test_the_pocket_model_s_matrix_shows_its_pictures(tmp_path):
    """Of the colours of the sample pictures, the matrix tells four fifths at least."""
    model = open_model("models/pocket")
    matrix = latent_rgb(model)
    path = scene(tmp_path / "scene.png", (128, 128))
    with Image.open(path) as picture:
        latents = model.scale_latents(model.encode_pictures([picture]).mean)[0]
        wanted = np.asarray(picture.resize((16, 16), Image.Resampling.BOX), float)
    shown = np.asarray(to_picture(latents, matrix), float)
    left = ((shown - wanted) ** 2).sum() / ((wanted - wanted.mean((0, 1))) ** 2).sum()
    assert left < 0.2
