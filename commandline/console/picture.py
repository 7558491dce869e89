"""A picture in the terminal: sixel or Kitty's protocol where there is one, else half-blocks."""

from __future__ import annotations

import PIL.Image
from textual.app import ComposeResult
from textual.containers import Container
from textual_image.renderable import Image as Renderable, SixelImage, TGPImage

# The terminal is asked what it can when this is imported, which must be before Textual runs.
from textual_image.widget import HalfcellImage, Image

_CELL_ASPECT = 2  # a cell is about twice as high as wide


class Picture(Container):
    """A picture as large as there is room."""

    def compose(self) -> ComposeResult:
        """Begin without a picture."""
        yield (Image if Renderable in {SixelImage, TGPImage} else HalfcellImage)(id="picture")

    def show(self, picture: PIL.Image.Image) -> None:
        """Show a picture."""
        self.query_one("#picture").image = picture  # pyright: ignore[reportAttributeAccessIssue]
        self._fit()

    def on_resize(self) -> None:
        """Fit the picture in again."""
        self._fit()

    def _fit(self) -> None:
        rows = min(self.size.height, self.size.width // _CELL_ASPECT)
        self.query_one("#picture").styles.height = max(1, rows)
