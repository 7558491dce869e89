import sys
from types import SimpleNamespace

import pytest

from preprocessing.cropping.opencv import import_opencv
from textual_inversion.errors import SettingsError


def test_without_opencv_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SettingsError, match='needs OpenCV; install it with: pip install "opencv'):
        import_opencv()


def test_an_opencv_without_face_detectors_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(__version__="5.0.0"))
    with pytest.raises(SettingsError, match=r"This OpenCV \(5.0.0\) carries no face detectors"):
        import_opencv()
