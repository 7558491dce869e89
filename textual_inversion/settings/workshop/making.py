"""The choices of `ti workshop`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from textual_inversion.settings.base import DEFAULT_MODEL, BareName, Settings
from textual_inversion.settings.markers import Positional, Ui

Operation = Literal[
    "mix", "slerp", "concatenate", "subtract", "drop", "rescale", "arithmetic", "sdxl"
]


class WorkshopSettings(Settings):
    """Make an embedding from others: mix them, take vectors away, calculate with words."""

    name: Annotated[BareName, Positional(), Ui("New name")]
    """The name of the embedding that is made."""
    operation: Annotated[Operation, Ui("Operation", row="operation")] = "mix"
    """"mix" weighs and adds; "slerp" turns one into another; "concatenate" joins vectors;
    "subtract" takes the others from the first; "drop" leaves vectors out; "rescale" gives words'
    length; "arithmetic" calculates with words; "sdxl" seeds SDXL from SD 1.x by nearest tokens."""
    sources: Annotated[str, Ui("Embeddings, or an expression")] = ""
    """Embeddings by name or file, separated by commas. For arithmetic words and <embeddings> with
    + and - between spaces, such as king - man + woman or 0.5 * <cat> + dog."""
    weights: Annotated[str, Ui("Weights for mix", row="numbers")] = ""
    """A number for each embedding, separated by commas; their sum counts as the whole. Empty mixes
    alike."""
    dropped: Annotated[str, Ui("Vectors to drop", row="numbers")] = ""
    """The numbers of the vectors that are left out, from 1, separated by commas."""
    share: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Share for slerp", "slider", step=0.05),
    ] = 0.5
    """How far to turn from the first embedding to the second."""
    norm: Annotated[float, Field(gt=0, le=100), Ui("Length for rescale")] = 1.0
    """The length of each vector, where 1 is the mean of the vocabulary's words."""
    overwrite: Annotated[bool, Ui("Overwrite old embedding")] = False
    """Replace an embedding of the same name; its old file is lost."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The base model whose words rescale, arithmetic and sdxl use; sdxl needs one of SDXL."""
