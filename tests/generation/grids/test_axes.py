import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.generation.grids.axes import find_axis, list_axes, read_values, show


@pytest.mark.parametrize(
    ("written", "axis"),
    [
        ("step", "step"),
        ("Steps", "steps"),
        ("CFG Scale", "cfg_scale"),
        ("cfg", "cfg_scale"),
        ("Prompt S/R", "prompt s/r"),
        ("clip-skip", "clip_skip"),
        ("Base model", "model"),
        ("", "none"),
    ],
)
def test_an_axis_is_found_by_the_names_people_know(written, axis):
    assert find_axis(written) == axis


def test_the_axes_asked_for_are_all_there():
    asked = {"step", "prompt", "seed", "cfg_scale", "sampler", "steps", "weight", "embedding"}
    assert {*asked, "vectors", "model"} <= set(list_axes())
    assert {"output", "batch_count", "num_images"}.isdisjoint(list_axes())


def test_an_unknown_axis_is_said_with_the_nearest():
    with pytest.raises(SettingsError, match="There is no axis 'sampeler'; did you mean sampler"):
        find_axis("sampeler")
    with pytest.raises(SettingsError, match="take one of: none, step, embedding"):
        find_axis("qqq")


def test_values_are_read_by_the_kind_of_the_axis():
    assert read_values("sampler", "euler A, DDIM") == ["Euler a", "DDIM"]
    assert read_values("weight", "0.5-1 (+0.25)") == [0.5, 0.75, 1.0]
    assert read_values("prompt s/r", "cat, dog") == [("cat", "cat"), ("cat", "dog")]
    assert read_values("prompt", '"a, b", c') == ["a, b", "c"]
    with pytest.raises(SettingsError, match="'Eulr' is no sampler; did you mean Euler"):
        read_values("sampler", "Eulr")


def test_labels_are_short():
    assert [show(value) for value in (4.0, 3, ("cat", "dog"), True)] == ["4", "3", "dog", "on"]
