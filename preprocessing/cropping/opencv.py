"""OpenCV when it is there, and one clear sentence when it is not; loaded on first use.

Version 4, because its package carries the face detectors (Haar cascades); that of version 5 has
none, and nothing is downloaded here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual_inversion.errors import SettingsError


def opencv() -> Any:
    """Give the module cv2; SettingsError says how to install it."""
    try:
        import cv2
    except ImportError:
        raise SettingsError(
            "Auto focal point crop needs OpenCV; install it with: "
            'pip install "opencv-python-headless<5".'
        ) from None
    if not hasattr(cv2, "CascadeClassifier") or not any(cascades(cv2).glob("*frontalface*")):
        raise SettingsError(
            f"This OpenCV ({cv2.__version__}) carries no face detectors; install one that does: "
            'pip install "opencv-python-headless<5".'
        )
    cv2.setNumThreads(1)  # pictures are worked on side by side already
    return cv2


def cascades(cv2: Any) -> Path:
    """Give the folder of the detectors that came with OpenCV."""
    return Path(cv2.data.haarcascades)
