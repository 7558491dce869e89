"""What can be done with vectors: pure functions of tensors.

Vectors are a tuple of one fp32 tensor (n, D) for each text encoder, as in an Embedding. Where
embeddings have different numbers of vectors, those that only some have are made of these alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from textual_inversion.errors import EmbeddingError

Vectors = tuple[torch.Tensor, ...]
Row = list[tuple[int, torch.Tensor]]
"""Vectors (D,) of one place, each with the number of its embedding, from 0."""

_LEAST_WEIGHT = 1e-6
_PARALLEL = 1e-4


def mix(sources: Sequence[Vectors], weights: Sequence[float]) -> Vectors:
    """Weigh and add embeddings; the weights of a place are divided by their sum.

    Raises:
        EmbeddingError: The weights of a place add up to nothing.
    """

    def add(row: Row) -> torch.Tensor:
        total = sum(weights[number] for number, _ in row)
        if abs(total) < _LEAST_WEIGHT:
            raise EmbeddingError("The weights add up to zero; use subtract to take vectors away.")
        return torch.stack([vector * (weights[number] / total) for number, vector in row]).sum(0)

    return _by_rows(sources, add)


def slerp(first: Vectors, second: Vectors, share: float) -> Vectors:
    """Turn the first embedding's vectors towards the second's along a circle.

    Directions follow spherical linear interpolation (Shoemake, SIGGRAPH 1985, sec. 3.3), lengths
    go straight; vectors that point the same way or opposite ways, or have no length, are mixed.
    """

    def turn(row: Row) -> torch.Tensor:
        if len(row) == 1:
            return row[0][1]
        (_, a), (_, b) = row
        length_a, length_b = a.norm(), b.norm()
        if not length_a * length_b:
            return torch.lerp(a, b, share)
        angle = (torch.dot(a, b) / (length_a * length_b)).clamp(-1, 1).acos()
        if float(angle.sin()) < _PARALLEL:
            return torch.lerp(a, b, share)
        direction = ((1 - share) * angle).sin() * a / length_a + (
            share * angle
        ).sin() * b / length_b
        return direction / angle.sin() * torch.lerp(length_a, length_b, share)

    return _by_rows([first, second], turn)


def subtract(first: Vectors, others: Sequence[Vectors]) -> Vectors:
    """Take the others' vectors from the first's, place by place; it keeps its number of vectors."""
    num_rows = len(first[0])
    cut = [tuple(tensor[:num_rows] for tensor in other) for other in others]

    def take(row: Row) -> torch.Tensor:
        (_, vector), *taken = row
        return vector - sum((other for _, other in taken), torch.zeros_like(vector))

    return _by_rows([first, *cut], take)


def concatenate(sources: Sequence[Vectors]) -> Vectors:
    """Join the vectors of all embeddings, one after another."""
    return tuple(torch.cat(tensors) for tensors in zip(*sources, strict=True))


def drop(vectors: Vectors, numbers: Sequence[int]) -> Vectors:
    """Leave out vectors by their numbers from 1.

    Raises:
        EmbeddingError: There is none of such a number, or none would be left.
    """
    count = len(vectors[0])
    if wrong := next((number for number in numbers if not 1 <= number <= count), None):
        raise EmbeddingError(f"There is no vector {wrong}; the embedding has {count}.")
    kept = [index for index in range(count) if index + 1 not in numbers]
    if not kept:
        raise EmbeddingError("All vectors would be dropped; leave one at least.")
    return tuple(tensor[kept] for tensor in vectors)


def rescale(vectors: Vectors, norms: Sequence[float]) -> Vectors:
    """Give each vector the length for its text encoder; vectors of zeros stay."""
    return tuple(
        torch.nn.functional.normalize(tensor, dim=-1) * norm
        for tensor, norm in zip(vectors, norms, strict=True)
    )


def _by_rows(sources: Sequence[Vectors], make: Callable[[Row], torch.Tensor]) -> Vectors:
    """Make each vector from those of its place in all embeddings that have one there."""
    return tuple(
        torch.stack(
            [
                make([(number, t[index]) for number, t in enumerate(tensors) if index < len(t)])
                for index in range(max(map(len, tensors)))
            ]
        )
        for tensors in zip(*sources, strict=True)
    )
