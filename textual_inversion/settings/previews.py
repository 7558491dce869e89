"""The choices of `ti train` about previews, beside the basic ones."""

from __future__ import annotations

from typing import Annotated, Literal

from textual_inversion.settings.base import PixelSize, Settings
from textual_inversion.settings.generate import Sampler
from textual_inversion.settings.markers import PREVIEWS, Ui


class PreviewSettings(Settings):
    """How previews are drawn, and what stands beside them."""

    preview_sampler: Annotated[Sampler, Ui("Preview sampler", group=PREVIEWS)] = "DPM++ 2M"
    """The method that turns noise into a preview."""
    preview_width: Annotated[
        PixelSize, Ui("Preview width", row="preview size", step=8, group=PREVIEWS)
    ] = 0
    """Pixels; a multiple of 8. 0 takes the width that is trained."""
    preview_height: Annotated[
        PixelSize, Ui("Preview height", row="preview size", step=8, group=PREVIEWS)
    ] = 0
    """Pixels; a multiple of 8. 0 takes the height that is trained."""
    preview_beside: Annotated[
        Literal["none", "start", "removed"],
        Ui("Beside previews, without what was learned", group=PREVIEWS),
    ] = "none"
    """Draw the preview prompts once without the learned vectors, to compare: "start" with those
    that the run began with, which are the initialization text's; "removed" with the word left
    out."""
