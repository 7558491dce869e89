"""Import OpenCV on first use, or raise a clear error when it is missing.

Version 4, because its package carries the face detectors (Haar cascades); that of version 5 has
none, and nothing is downloaded here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual_inversion.errors import SettingsError


def import_opencv() -> Any:
    """Return the module cv2; SettingsError, with the install command, if it is missing."""
    try:
        import cv2
    except ImportError:
        raise SettingsError(
            "Auto focal point crop needs OpenCV; install it with: "
            'pip install "opencv-python-headless<5".'
        ) from None
    if not hasattr(cv2, "CascadeClassifier") or not any(cascades_folder(cv2).glob("*frontalface*")):
        raise SettingsError(
            f"This OpenCV ({cv2.__version__}) carries no face detectors; install one that does: "
            'pip install "opencv-python-headless<5".'
        )
    cv2.setNumThreads(1)  # pictures are processed in parallel already
    return cv2


def cascades_folder(cv2: Any) -> Path:
    """Return the folder of the Haar cascades in OpenCV's package."""
    return Path(cv2.data.haarcascades)
