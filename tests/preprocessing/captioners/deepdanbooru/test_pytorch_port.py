"""The port's network on narrow weights, in the file format of the real one."""

import pickle

import numpy as np
import pytest
import torch

from preprocessing.captioners.deepdanbooru.pytorch_port import BLOCKS, NUM_CONVS, open_port, run
from textual_inversion.errors import ModelError

WIDTHS = (4, 8, 16, 16, 32, 64)  # the real ones are 256 to 4096
TAGS = ["long_hair", "hat_(straw)", "rating:safe"]


def shapes():
    """Yield output channels, input channels and kernel size of every convolution, in order."""
    yield 2, 3, 7
    given = 2
    for stage, (count, width) in enumerate(zip(BLOCKS, WIDTHS, strict=True)):
        inner = max(1, width // 4)
        for block in range(count):
            bottleneck = [(inner, given, 1), (inner, inner, 3), (width, inner, 1)]
            shortcut = [(width, given, 1)] if block == 0 else []
            yield from [*bottleneck, *shortcut] if stage == 3 else [*shortcut, *bottleneck]
            given = width
    yield len(TAGS), given, 1


def weights(seed=0):
    generator = torch.Generator().manual_seed(seed)
    stored = {"tags": TAGS}
    for number, (out, given, size) in enumerate(shapes()):
        scale = 0.3 * (2 / (given * size * size)) ** 0.5
        noise = torch.randn(out, given, size, size, generator=generator)
        stored[f"n_Conv_{number}.weight"] = noise * scale
        if number < NUM_CONVS - 1:
            stored[f"n_Conv_{number}.bias"] = torch.full((out,), 0.05)
    return stored


def pictures(size, count=2):
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


def test_the_real_file_has_179_convolutions():
    assert (NUM_CONVS, len(list(shapes()))) == (179, 179)


def test_a_stored_port_scores_each_tag(tmp_path):
    torch.save(weights(), tmp_path / "model-resnet_custom_v3.pt")
    network = open_port(tmp_path / "model-resnet_custom_v3.pt")
    scores = network.score(pictures(128))
    assert (network.width, network.height, network.tags) == (512, 512, TAGS)
    assert (scores.shape, scores.dtype) == ((2, 3), np.float32)
    assert np.abs(scores[0] - scores[1]).max() > 0


class Trap:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps({"tags": Trap()}, 2), "cannot be read as weights"),
        (b"", "cannot be read as weights"),
        ({"tags": TAGS}, r"no 'n_Conv_0.weight'"),
        ({**weights(), "tags": TAGS[1:]}, "its tags do not fit"),
        ([1], "it has no weights"),
    ],
)
def test_what_is_no_port_is_refused(tmp_path, capsys, content, words):
    path = tmp_path / "port.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ModelError, match=words):
        open_port(path)
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_network_is_kerass_own():
    """The same layers, built by Keras with TensorFlow's "same" padding, give the same scores."""
    keras_port = pytest.importorskip("tests.preprocessing.captioners.kerasport")
    stored = weights()
    convs = [
        (stored[f"n_Conv_{n}.weight"], stored.get(f"n_Conv_{n}.bias")) for n in range(NUM_CONVS)
    ]
    for size in (128, 130):
        batch = pictures(size)
        ours = run(convs, torch.from_numpy(batch).permute(0, 3, 1, 2)).numpy()
        np.testing.assert_allclose(ours, keras_port.scores(convs, batch), atol=1e-5)
