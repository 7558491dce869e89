"""The README.md of an embedding that is shared: what it is, and how programs load it.

The block between `---` is what the Hugging Face Hub sorts and shows repositories by; its values are
JSON, which is YAML as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.embeddings.formats.metadata import notes_of

OURS = b"- textual_inversion"
"""What tells a card of ours, or of diffusers' scripts, from a README.md of the user's own."""


@dataclass(frozen=True)
class Card:
    """What a card shows beside the embedding itself.

    `file` is the one with the vectors; `repository` the name on the Hub, from which diffusers loads
    it, empty for a folder; `base_model` a name on the Hub.
    """

    file: str
    repository: str = ""
    license: str = ""
    base_model: str = ""
    pictures: tuple[str, ...] = ()
    other_file: str = ""
    """The same vectors for AUTOMATIC1111 and ComfyUI, under their own name."""


def word_of(embedding: Embedding, extras: Extras) -> str:
    """Return how prompts of diffusers write the embedding, in lower case."""
    return (extras.word or f"<{embedding.name}>").lower()


def write_card(embedding: Embedding, extras: Extras, card: Card) -> str:
    """Write the card as Markdown."""
    word = word_of(embedding, extras)
    use = f"a photo of {word}" if extras.concept_type == "object" else f"a house in {word} style"
    facts = {
        "in prompts": f"`{word}`",
        "type": extras.concept_type,
        "vectors": f"{embedding.num_vectors} of width {embedding.widths[0]}",
        "steps": str(embedding.step),
        "base model": _base_model(embedding),
        "license": card.license,
        **{key.replace("_", " "): value for key, value in notes_of(embedding).items()},
    }
    rows = "\n".join(f"| {key} | {_cell(value)} |" for key, value in facts.items() if value)
    return (
        f"{_front_matter(word, card)}"
        f"# {embedding.name}\n\nA textual inversion embedding for Stable Diffusion.\n\n"
        f"{_pictures(embedding, card)}"
        f"| | |\n|---|---|\n{rows}\n\n"
        "With diffusers:\n\n```python\n"
        f"{_loading(embedding, card)}\n"
        f'image = pipeline("{use}").images[0]\n```\n\n'
        f"{_advice(embedding, card)}"
    )


def _front_matter(word: str, card: Card) -> str:
    published = {
        "license": card.license,
        "base_model": card.base_model,
        "library_name": "diffusers" if card.repository else "",
        "pipeline_tag": "text-to-image" if card.repository else "",
        "instance_prompt": word if card.repository else "",
    }
    lines = [f"{key}: {json.dumps(value)}" for key, value in published.items() if value]
    tags = ["tags:", "- stable-diffusion", OURS.decode()]
    return "\n".join(["---", *lines, *tags, "---", "", ""])


def _pictures(embedding: Embedding, card: Card) -> str:
    shown = [f"![{embedding.name}]({path})" for path in card.pictures]
    return "\n".join(shown) + "\n\n" if shown else ""


def _loading(embedding: Embedding, card: Card) -> str:
    """Write the call that loads the vectors; SDXL's two text encoders take a file each."""
    if len(embedding.vectors) == 1:
        return f'pipeline.load_textual_inversion("{card.repository or card.file}")'
    return f"{_call(card, card.file, '')}\n{_call(card, _second(card.file), '_2')}"


def _call(card: Card, file: str, encoder: str) -> str:
    source = [f'"{card.repository}"', f'weight_name="{file}"'] if card.repository else [f'"{file}"']
    to = [f"tokenizer=pipeline.tokenizer{encoder}", f"text_encoder=pipeline.text_encoder{encoder}"]
    arguments = "".join(f"    {argument},\n" for argument in [*source, *to])
    return f"pipeline.load_textual_inversion(\n{arguments})"


def _second(file: str) -> str:
    return file.replace("learned_embeds", "learned_embeds_2")


def _advice(embedding: Embedding, card: Card) -> str:
    if card.other_file:
        return (
            f"In AUTOMATIC1111's web UI and ComfyUI put `{card.other_file}` into the folder for "
            f"embeddings and write `{embedding.name}` (ComfyUI: `embedding:{embedding.name}`).\n"
        )
    if len(embedding.vectors) > 1:
        return ""
    return (
        f"In AUTOMATIC1111's web UI put `{card.file}` into `embeddings/` as "
        f"`{embedding.name}{Path(card.file).suffix}` and write `{embedding.name}` in the prompt.\n"
    )


def _base_model(embedding: Embedding) -> str:
    name, hash_ = embedding.base_model or "", embedding.base_model_hash
    return f"{name} [{hash_}]".strip() if hash_ else name


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
