"""DeepDanbooru finds its models, and words their tags as A1111 did."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from preprocessing.captioners import deepdanbooru
from preprocessing.captioners.deepdanbooru.captioner import (
    DeepDanbooru,
    Network,
    find_model,
    resize_picture,
)
from preprocessing.captioners.deepdanbooru.keras_project import find_network, refuse_code
from preprocessing.captioners.tagging import Tagging
from tests.preprocessing.captioners.opening import opened
from textual_inversion.errors import ModelError

RED, BLUE = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))


def test_tags_below_the_threshold_and_ratings_are_left_out():
    tags = ["long_hair", "hat_(straw)", "cat", "rating:safe"]
    network = Network(8, 8, tags, lambda batch: np.array([[0.6, 0.5, 0.49, 0.99]] * len(batch)))
    captioner = DeepDanbooru(network, 0.5, Tagging())
    assert captioner.caption([RED, BLUE]) == [r"hat \(straw\), long hair"] * 2


def test_the_rim_of_a_picture_fills_what_it_does_not_cover():
    picture = Image.new("RGB", (8, 2), "red")
    picture.paste("blue", (0, 1, 8, 2))
    rows = resize_picture(picture, (8, 8))[:, 0].tolist()
    assert rows == [[1, 0, 0]] * 4 + [[0, 0, 1]] * 4


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (8, 8), (13, 7)])
def test_every_shape_of_picture_fits(size):
    assert resize_picture(Image.new("RGB", size), (8, 8)).shape == (8, 8, 3)


def test_a_model_is_found_by_its_file_its_folder_or_its_project(home):
    folder = home / "models" / "deepdanbooru"
    folder.mkdir()
    (folder / "model-resnet_custom_v3.pt").touch()
    port = find_model("models/deepdanbooru")
    assert port.name == "model-resnet_custom_v3.pt"
    assert find_model(str(port)) == port
    (home / "project").mkdir()
    (home / "project" / "project.json").touch()
    assert find_model("project").name == "project"


def test_what_is_missing_is_told(home):
    with pytest.raises(ModelError, match="There is no DeepDanbooru model at nowhere"):
        find_model("nowhere")
    with pytest.raises(ModelError, match="The folder models has no DeepDanbooru model"):
        find_model("models")


def test_the_model_that_a_project_names_is_taken(tmp_path):
    (tmp_path / "project.json").write_text('{"model": "v4"}')
    with pytest.raises(ModelError, match=r"has no model-v4.keras and no model-v4.h5"):
        find_network(tmp_path)
    (tmp_path / "model-v4.h5").touch()
    assert find_network(tmp_path) == tmp_path / "model-v4.h5"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"class_name": "Lambda", "config": {}}, "Lambda of keras"),
        ({"class_name": "function", "module": "builtins", "config": "eval"}, "of builtins"),
        ({"class_name": "get_file", "module": "keras.utils"}, "get_file of keras.utils"),
    ],
)
def test_code_in_a_model_is_refused(tmp_path, layer, words):
    path = tmp_path / "model-x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [{"config": layer}]}}))
    with pytest.raises(ModelError, match=words):
        refuse_code(path)


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "model-x.keras").write_bytes(b"none")
    with pytest.raises(ModelError, match=r"model-x.keras is not a Keras model"):
        refuse_code(tmp_path / "model-x.keras")


@pytest.mark.slow
@pytest.mark.parametrize("dialect", [".keras", ".h5", "Keras 2"])
def test_a_project_of_its_own_tells_what_it_learned(tmp_path, dialect):
    from tests.preprocessing.captioners.kerasproject import into_keras_2, project

    pytest.importorskip("keras")
    tags = ["red_thing", "blue_thing", "rating:safe"]
    examples = [(RED, {"red_thing", "rating:safe"}), (BLUE, {"blue_thing", "rating:safe"})]
    extension = ".h5" if dialect == "Keras 2" else dialect
    folder = project(tmp_path / "project", tags, examples, extension=extension)
    if dialect == "Keras 2":
        into_keras_2(folder / "model-tiny.h5")
    assert opened(deepdanbooru, folder).caption([RED, BLUE]) == ["red thing", "blue thing"]


@pytest.mark.slow
def test_a_project_whose_tags_do_not_fit_is_refused(tmp_path):
    from tests.preprocessing.captioners.kerasproject import project

    pytest.importorskip("keras")
    folder = project(tmp_path / "project", ["a", "b"], [(RED, {"a"})], steps=1)
    (folder / "tags.txt").write_text("a\n")
    with pytest.raises(ModelError, match="the network scores 2 tags, the list has 1"):
        opened(deepdanbooru, folder)
