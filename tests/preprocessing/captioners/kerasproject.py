"""A DeepDanbooru project with a network so small that it is trained in seconds."""

import json
import os

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")


def project(folder, tags, examples, *, extension=".h5", steps=60, size=16):
    """Train a network on (picture, right tags) and write its project as the package lays it out."""
    import keras

    source = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(source)
    x = keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.5)(x))
    x = keras.layers.Conv2D(len(tags), 1, use_bias=False)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(source, keras.layers.Activation("sigmoid", dtype="float32")(x))
    pixels = [np.asarray(picture.resize((size, size)), np.float32) / 255 for picture, _ in examples]
    right = [[float(tag in said) for tag in tags] for _, said in examples]
    model.compile("adam", "binary_crossentropy")
    model.optimizer.learning_rate = 0.05
    model.fit(np.stack(pixels), np.asarray(right, np.float32), epochs=steps, verbose=0)
    folder.mkdir(exist_ok=True)
    model.save(folder / f"model-tiny{extension}")
    (folder / "project.json").write_text(json.dumps({"model": "tiny", "image_width": size}))
    (folder / "tags.txt").write_text("\n".join(tags) + "\n")
    return folder


def into_keras_2(path):
    """Rewrite an .h5 file's description as Keras 2 on TensorFlow wrote it."""
    import h5py

    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"] = [_old_layer(one) for one in config["config"]["layers"]]
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"], file.attrs["backend"] = "2.4.0", "tensorflow"


def _old_layer(layer):
    new = {"optional", "synchronized", "renorm", "renorm_clipping", "renorm_momentum"}
    renamed = {"batch_shape": "batch_input_shape"}
    config = {
        renamed.get(key, key): _old_value(key, value)
        for key, value in layer["config"].items()
        if key not in new
    }
    nodes = [_tensors(node["args"]) for node in layer["inbound_nodes"]]
    return {**layer, "config": config, "inbound_nodes": nodes}


def _old_value(key, value):
    if key == "axis":
        return [3]
    if isinstance(value, dict) and value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    if isinstance(value, dict) and "class_name" in value:
        return {"class_name": value["class_name"], "config": {}}
    return value


def _tensors(args):
    return [[*one["config"]["keras_history"], {}] for one in args]
