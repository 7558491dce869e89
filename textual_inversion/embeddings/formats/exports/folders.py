"""Exports that are a folder: InvokeAI's `embeddings/<trigger>/` and the concept library's.

InvokeAI takes the family from the first dimension of a tensor under an unknown key, so several
vectors lie in A1111's dict there, whose last dimension it takes; one lies under its word.
"""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import diffusers as diffusers_file, pt
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.embeddings.formats.metadata import notes_of
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
    write_whole(inside / "token_identifier.txt", f"<{embedding.name.lower()}>".encode())
    write_whole(inside / "type_of_concept.txt", extras.concept_type.encode())
    write_whole(inside / "README.md", _card(embedding, extras).encode())
    return path


def _card(embedding: Embedding, extras: Extras) -> str:
    word = f"<{embedding.name.lower()}>"
    use = f"a photo of {word}" if extras.concept_type == "object" else f"a house in {word} style"
    facts = {
        "type": extras.concept_type,
        "vectors": f"{embedding.num_vectors} of width {embedding.widths[0]}",
        "steps": str(embedding.step),
        "base model": _base_model(embedding),
        **{key.replace("_", " "): value for key, value in notes_of(embedding).items()},
    }
    rows = "\n".join(f"| {key} | {_cell(value)} |" for key, value in facts.items() if value)
    return (
        "---\ntags:\n- stable-diffusion\n- textual_inversion\n---\n\n"
        f"# {embedding.name}\n\nA textual inversion embedding for Stable Diffusion.\n\n"
        f"| | |\n|---|---|\n{rows}\n\n"
        "With diffusers:\n\n```python\n"
        f'pipeline.load_textual_inversion("{_FILE}")\n'
        f'image = pipeline("{use}").images[0]\n```\n\n'
        f"In AUTOMATIC1111's web UI put `{_FILE}` into `embeddings/` as `{embedding.name}.bin` and "
        f"write `{embedding.name}` in the prompt.\n"
    )


def _base_model(embedding: Embedding) -> str:
    name, hash_ = embedding.base_model or "", embedding.base_model_hash
    return f"{name} [{hash_}]".strip() if hash_ else name


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
