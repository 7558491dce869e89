"""DeepDanbooru's resnet_custom_v3 as its package describes it, built of Keras's layers."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

REPEATS = (2, 7, 19, 19, 2, 2)  # bottlenecks of each stage that keep the size
LATE = 3


def scores(convs, batch):
    """Build the network around the given convolutions, and score a batch of (B, H, W, 3)."""
    numbered = iter(convs)

    def conv(x, stride=1):
        weight, bias = next(numbered)
        layer = keras.layers.Conv2D(
            weight.shape[0], weight.shape[-1], strides=stride, padding="same",
            use_bias=bias is not None,
        )  # fmt: skip
        layer.build(x.shape)
        kernel = weight.permute(2, 3, 1, 0).numpy()
        layer.set_weights([kernel] if bias is None else [kernel, bias.numpy()])
        return layer(x)

    relu = keras.layers.ReLU()

    def bottleneck(x, stride=1):
        return conv(relu(conv(relu(conv(x)), stride)))

    x = relu(conv(keras.ops.convert_to_tensor(batch), 2))
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, count in enumerate(REPEATS):
        stride = 2 if stage else 1
        if stage == LATE:
            deep = bottleneck(x, stride)
            x = relu(deep + conv(x, stride))
        else:
            shortcut = conv(x, stride)
            x = relu(bottleneck(x, stride) + shortcut)
        for _ in range(count):
            x = relu(bottleneck(x) + x)
    x = keras.layers.GlobalAveragePooling2D()(conv(x))
    return np.asarray(keras.ops.sigmoid(x).detach().cpu())
