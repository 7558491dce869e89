"""Where other programs want an embedding file, and what is typed there to use it."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import printable

_FOLDERS = {
    "AUTOMATIC1111": "embeddings/",
    "Forge": "embeddings/",
    "ComfyUI": "models/embeddings/",
    "SD.Next": "models/embeddings/",
}
_CALL = 'pipe.load_textual_inversion({source}, token="{word}"{encoder})'
_ENCODERS = (("clip_l", ""), ("clip_g", "_2"))


def placed(program: str, path: Path, embedding: Embedding) -> str:
    """Describe where the file goes; a file that is not named after its word is renamed there."""
    if program == "diffusers":
        return "anywhere"
    if program == "InvokeAI":
        return "anywhere; add its path in the Model Manager"
    name = f"{embedding.name}{path.suffix}"
    renamed = f"{name}" if path.stem.startswith("learned_embeds") else ""
    return _FOLDERS[program] + renamed


def typed(program: str, path: Path, embedding: Embedding) -> str:
    """Write what stands in the prompt, in diffusers after a call."""
    name = _name(path, embedding)
    if program == "ComfyUI":
        return f"embedding:{name}"
    if program == "InvokeAI":
        return f"<{name}>"
    if program == "diffusers":
        word = f"<{embedding.name.lower()}>"
        return f"{word} after {_calls(path, word, embedding)}"
    return name


def _name(path: Path, embedding: Embedding) -> str:
    """Return what programs call a file: its name without the ending, of a picture what it says."""
    from_inside = path.suffix.lower() in formats.PICTURES or path.stem.startswith("learned_embeds")
    return embedding.name if from_inside else printable(path.stem)


def _calls(path: Path, word: str, embedding: Embedding) -> str:
    file = printable(path.name)
    if len(embedding.vectors) == 1:
        return _CALL.format(source=f'"{file}"', word=word, encoder="")
    read = "load_file" if path.suffix.lower() == ".safetensors" else "torch.load"
    calls = [
        _CALL.format(
            source=f'state["{key}"]',
            word=word,
            encoder=f", text_encoder=pipe.text_encoder{n}, tokenizer=pipe.tokenizer{n}",
        )
        for key, n in _ENCODERS
    ]
    return f'state = {read}("{file}"); ' + "; ".join(calls)
