import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from preprocessing.cropping import detectors
from preprocessing.cropping.detectors import (
    _DETECTORS,
    _detector,
    find_busiest_window,
    find_corners,
    find_faces,
)


def grey(width, height, *boxes):
    image = Image.new("L", (width, height), 255)
    for box in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=0)
    return np.asarray(image)


def test_corners_are_found_where_they_are():
    found = sorted(find_corners(grey(200, 100, (50, 20, 120, 60))))
    near = [(50, 20), (50, 60), (120, 20), (120, 60)]
    assert np.abs(np.array(found) - near).max() <= 2


def test_the_strip_where_watermarks_are_draws_no_eye():
    assert find_corners(grey(200, 100, (50, 93, 60, 97))) == []


def test_an_even_picture_has_neither_corners_nor_faces():
    assert (find_corners(grey(80, 60)), find_faces(grey(80, 60))) == ([], [])


@pytest.mark.parametrize(("size", "place"), [((300, 100), (250, 50)), ((100, 300), (50, 250))])
def test_the_busiest_window_lies_where_light_and_dark_mix(size, place):
    half = (size[0] - 50, 0, *size) if size[0] > size[1] else (0, size[1] - 50, *size)
    assert find_busiest_window(grey(*size, half), window=(100, 100)) == [place]


def test_a_window_as_large_as_the_picture_cannot_slide():
    assert find_busiest_window(grey(100, 100), window=(100, 100)) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (5, 5)])
def test_the_smallest_pictures_are_borne(size):
    assert find_corners(grey(*size)) == find_faces(grey(*size)) == []


class Detector:
    """Stands for a cascade that finds these boxes."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def detectMultiScale(self, grey, **_):  # noqa: N802
        return self.boxes


def test_a_face_is_seen_at_its_eyes_by_the_first_detector_that_finds_one(monkeypatch):
    known = {
        "frontalface_alt2": Detector(),
        "frontalface_default": Detector((10, 20, 40, 100), (50, 0, 10, 10)),
        "profileface": Detector((0, 0, 9, 9)),
    }
    monkeypatch.setattr("preprocessing.cropping.detectors._detector", known.get)
    assert find_faces(grey(99, 99)) == [(30, 53), (55, pytest.approx(3.3))]


@pytest.mark.parametrize("name", _DETECTORS)
def test_every_detector_comes_with_opencv(name):
    assert not _detector(name).empty()


def test_faces_are_looked_for_in_a_small_copy_and_told_in_the_pictures_own_pixels(monkeypatch):
    seen = []

    class Detector:
        def detectMultiScale(self, picture, **_):  # noqa: N802
            seen.append(picture.shape)
            return np.array([[20, 40, 50, 100]])

    monkeypatch.setattr(detectors, "_detector", lambda _: Detector())
    assert find_faces(grey(600, 400)) == [(45 * 2, (40 + 33) * 2)]
    assert seen == [(200, 300)]
