"""Exports that are a folder: InvokeAI's `embeddings/<trigger>/` and the concept library's.

InvokeAI takes the family from the first dimension of a tensor under an unknown key, so several
vectors lie in A1111's dict there, whose last dimension it takes; one lies under its word.
"""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import diffusers as diffusers_file, pt
from textual_inversion.embeddings.formats.exports.card import OURS, Card, word_of, write_card
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.storage.atomic import write_whole

_FILE = "learned_embeds.bin"


def invokeai(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write NAME/learned_embeds.bin as InvokeAI's model probe recognizes it."""
    path = folder / embedding.name / _FILE
    if len(embedding.vectors) == embedding.num_vectors == 1:
        diffusers_file.export(path, embedding)
    else:
        pt.write(path, embedding)
    return path


def concept(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write NAME/ as the repositories of sd-concepts-library are: vectors, word, type, card."""
    inside = folder / embedding.name
    path = inside / _FILE
    diffusers_file.export(path, embedding)
    write_concept_notes(inside, embedding, extras, Card(_FILE))
    return path


def write_concept_notes(folder: Path, embedding: Embedding, extras: Extras, card: Card) -> None:
    """Write the word, the type and the card of a concept.

    A README.md of anything else stays.
    """
    write_whole(folder / "token_identifier.txt", word_of(embedding, extras).encode())
    write_whole(folder / "type_of_concept.txt", extras.concept_type.encode())
    path = folder / "README.md"
    if not path.exists() or OURS in path.read_bytes():
        write_whole(path, write_card(embedding, extras, card).encode())
