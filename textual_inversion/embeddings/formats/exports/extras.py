"""What an export shows beside the vectors. Light: Pillow is loaded by whoever has a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL import Image

ConceptType = Literal["object", "style"]


@dataclass(frozen=True)
class Extras:
    """A picture for those formats that are one, and what the concept library asks for."""

    picture: Image.Image | None = None
    concept_type: ConceptType = "object"
    word: str = ""
    """How prompts write the embedding, in diffusers' files; empty for <name>."""
