"""The choices of `ti grid`: what its columns, rows and pages vary, and what they share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from textual_inversion.settings.base import BareName, PromptText, Settings
from textual_inversion.settings.generate import GenerateSettings
from textual_inversion.settings.markers import Positional, Ui

Place = Literal["columns", "rows", "pages"]


class AxesSettings(Settings):
    """What a grid varies; as in A1111's X/Y/Z plot, X are columns, Y rows, Z pages."""

    run: Annotated[str, Positional(), Ui("Run", "run")] = ""
    """A run folder, or the embedding whose newest run is meant: its snapshots can be compared, and
    its previews' prompt, sampler, steps, seed and base model are taken where no others are given.
    Empty compares without a run."""
    columns: Annotated[str, Ui("Columns (X)", "axis", row="columns")] = "none"
    """What the columns vary: step (the run's snapshots), embedding, weight or vectors (how many are
    kept), prompt, prompt s/r, or any setting of a picture, such as seed, cfg, sampler, model."""
    column_values: Annotated[PromptText, Ui("Values of the columns", row="columns")] = ""
    """As in A1111's X/Y/Z plot: a list with commas ("with quotes, if it has commas"), and for
    numbers 1-10, 1-10 (+2) or 1-10 [5]. Empty takes all there are of steps, samplers and the like.
    """
    rows: Annotated[str, Ui("Rows (Y)", "axis", row="rows")] = "none"
    """What the rows vary."""
    row_values: Annotated[PromptText, Ui("Values of the rows", row="rows")] = ""
    """Written like the values of the columns."""
    pages: Annotated[str, Ui("Pages (Z)", "axis", row="pages")] = "none"
    """What the pages vary, one grid below the other."""
    page_values: Annotated[PromptText, Ui("Values of the pages", row="pages")] = ""
    """Written like the values of the columns."""
    embedding: Annotated[BareName, Ui("Embedding that varies")] = ""
    """The word in the prompt whose vectors or weight change; empty takes the run's, or the first
    embedding that the prompt names."""

    @property
    def axes(self) -> dict[Place, tuple[str, str]]:
        """The axis and the text of its values for each place."""
        return {
            "columns": (self.columns, self.column_values),
            "rows": (self.rows, self.row_values),
            "pages": (self.pages, self.page_values),
        }


class GridSettings(GenerateSettings, AxesSettings):
    """Draw a grid of pictures that compares snapshots, prompts, seeds, embeddings or settings."""

    # A cell is one picture.
    batch_count: ClassVar[int] = 1  # pyright: ignore
    num_images: ClassVar[int] = 1  # pyright: ignore
    prompt: Annotated[PromptText, Ui("Prompt", "area")] = ""  # pyright: ignore
    """What to show; name the embedding as <name> or just name. Empty takes the prompts of the run's
    previews."""
