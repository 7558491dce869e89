"""How sharp a picture is: the variance of its Laplacian. Pure."""

from __future__ import annotations

import numpy as np
from PIL import Image

# Photographs in focus lie above 90 at training size, and fall below this when they are blurred by
# two pixels. Drawings with soft shades can lie low as well, so it is a question, not a verdict.
BLURRED_BELOW = 20.0


def sharpness(image: Image.Image) -> float:
    """Return the variance of the Laplacian of the grayscale picture, in gray levels squared."""
    grey = np.asarray(image.convert("L"), dtype=np.float32)  # (H, W) in [0, 255]
    if min(grey.shape) < 3:
        return 0.0
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * grey[1:-1, 1:-1]).var())
