"""The embedding, independent of its file format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual_inversion.names import is_bracketed

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Embedding:
    """A learned word: n vectors for each text encoder, and their origin.

    `vectors` holds one fp32 CPU tensor (n, width) for each text encoder, in the model's order:
    one for SD 1.x (width 768) and SD 2.x (1024), two for SDXL (CLIP-L 768, CLIP-G 1280).
    `key` is what diffusers' files call the one tensor that they hold, such as `<cat-toy>`; None in
    other files.
    """

    name: str
    vectors: tuple[torch.Tensor, ...]
    step: int = 0
    base_model: str | None = None
    base_model_hash: str | None = None
    key: str | None = None
    suffix: str | None = None
    """What tells it from the other embeddings of its file, if there are any."""
    initialization_text: str | None = None
    settings: str | None = None
    """The settings of its training, as JSON; files that are shared carry them."""
    date: str | None = None
    """When its vectors were written, as YYYY-MM-DD."""

    @property
    def word(self) -> str:
        """How prompts refer to it: `<name>` if the file's key has brackets, else the name."""
        return f"<{self.name}>" if self.key and is_bracketed(self.key) else self.name

    @property
    def num_vectors(self) -> int:
        """The number of vectors, which is the number of tokens it takes in a prompt."""
        return self.vectors[0].shape[0]

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of the vectors for each text encoder."""
        return tuple(tensor.shape[1] for tensor in self.vectors)
