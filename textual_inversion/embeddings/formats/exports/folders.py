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
    write_concept_notes(inside, embedding, extras, _FILE)
    return path


def write_concept_notes(folder: Path, embedding: Embedding, extras: Extras, file: str) -> None:
    """Write the word, the type and the card of a concept whose vectors are in `file`.

    A README.md of anything else stays.
    """
    write_whole(folder / "token_identifier.txt", _word(embedding, extras).encode())
    write_whole(folder / "type_of_concept.txt", extras.concept_type.encode())
    card = folder / "README.md"
    if not card.exists() or b"- textual_inversion" in card.read_bytes():
        write_whole(card, _card(embedding, extras, file).encode())


def _word(embedding: Embedding, extras: Extras) -> str:
    return (extras.word or f"<{embedding.name}>").lower()


def _card(embedding: Embedding, extras: Extras, file: str) -> str:
    word = _word(embedding, extras)
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
        f"{_loading(embedding, file)}\n"
        f'image = pipeline("{use}").images[0]\n```\n\n'
        f"{_advice(embedding, file)}"
    )


def _loading(embedding: Embedding, file: str) -> str:
    """Write the call that loads the vectors; SDXL's two text encoders take a file each."""
    if len(embedding.vectors) == 1:
        return f'pipeline.load_textual_inversion("{file}")'
    second = file.replace("learned_embeds", "learned_embeds_2")
    return (
        f'pipeline.load_textual_inversion("{file}")\n'
        f'pipeline.load_textual_inversion(\n    "{second}",\n'
        "    tokenizer=pipeline.tokenizer_2,\n    text_encoder=pipeline.text_encoder_2,\n)"
    )


def _advice(embedding: Embedding, file: str) -> str:
    if len(embedding.vectors) > 1:
        return ""
    return (
        f"In AUTOMATIC1111's web UI put `{file}` into `embeddings/` as "
        f"`{embedding.name}{Path(file).suffix}` and write `{embedding.name}` in the prompt.\n"
    )


def _base_model(embedding: Embedding) -> str:
    name, hash_ = embedding.base_model or "", embedding.base_model_hash
    return f"{name} [{hash_}]".strip() if hash_ else name


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
