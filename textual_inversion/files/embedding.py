"""What an embedding is, whatever file it lies in."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch


@dataclass(frozen=True)
class Embedding:
    """A learned word: n vectors a text encoder, and where they come from.

    `vectors` holds one fp32 CPU tensor (n, width) for each text encoder, in the model's order:
    one for SD 1.x (width 768) and SD 2.x (1024), two for SDXL (CLIP-L 768, CLIP-G 1280).
    """

    name: str
    vectors: tuple[torch.Tensor, ...]
    step: int = 0
    base_model: str | None = None
    base_model_hash: str | None = field(default=None)
    suffix: str | None = None
    """What tells it from the other embeddings of its file, if there are any."""

    @property
    def num_vectors(self) -> int:
        """Count the vectors, which is also how many of a prompt's 75 tokens the word takes."""
        return self.vectors[0].shape[0]

    @property
    def widths(self) -> tuple[int, ...]:
        """Give the width of the vectors for each text encoder."""
        return tuple(tensor.shape[1] for tensor in self.vectors)
