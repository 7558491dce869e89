"""The first picture of a batch as it comes, as a small JPEG data: URL for the page."""

from __future__ import annotations

import base64
import io
import time

from PIL import Image

from textual_inversion.generation.previews.latent_rgb import latent_rgb, to_picture
from textual_inversion.generation.sampling import SamplingState
from textual_inversion.models.base import BaseModel

_EVERY_SECONDS = 0.2
_SIDE_PX = 256
_MOST_SCALE = 8


class LivePreviews:
    """Draws the first picture's estimate a few times a second."""

    def __init__(self, model: BaseModel, *, enabled: bool) -> None:
        self._matrix = latent_rgb(model) if enabled else None
        self._due_at = 0.0

    def draw(self, state: SamplingState) -> str:
        """Draw the first picture's estimate; "" when it is too early, or not wanted."""
        moment = time.perf_counter()
        if self._matrix is None or moment < self._due_at:
            return ""
        self._due_at = moment + _EVERY_SECONDS
        picture = to_picture(state.denoised[0], self._matrix)
        # The browser enlarges what is left; few latents need few pixels.
        scale = min(_SIDE_PX / max(picture.size), _MOST_SCALE)
        size = [max(1, round(side * scale)) for side in picture.size]
        buffer = io.BytesIO()
        picture.resize((size[0], size[1]), Image.Resampling.BICUBIC).save(buffer, "JPEG")
        return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
