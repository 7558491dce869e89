"""An embedding of the library as a repository of the Hugging Face Hub.

Everything that will be uploaded is made first, so that it can be shown before anyone agrees to it.
Pictures are encoded anew: no metadata and no embedding leaves this machine inside of them.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports.card import Card, word_of, write_card
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.formats.exports.extras import ConceptType, Extras
from textual_inversion.embeddings.formats.exports.learned import write_learned
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.provenance import (
    find_run,
    is_style,
    newest_previews,
    with_provenance,
)
from textual_inversion.embeddings.sharing.hub_errors import find_token
from textual_inversion.embeddings.sharing.upload import Repository, find_repository, upload
from textual_inversion.errors import HubError
from textual_inversion.models.hub import is_hub_name

if TYPE_CHECKING:
    from PIL import Image

LICENSES = (
    *("creativeml-openrail-m", "openrail++", "cc0-1.0", "cc-by-4.0", "cc-by-nc-4.0", "apache-2.0"),
    *("mit", "other"),
)
"""Licenses that the Hub knows; the first two are those of Stable Diffusion 1.x / 2.x and XL."""

_MOST_PREVIEWS = 4
_JPEG_QUALITY = 92


@dataclass(frozen=True)
class Publication:
    """What will be uploaded, and where to."""

    repository: Repository
    files: dict[str, bytes]
    word: str
    license: str

    @property
    def summary(self) -> str:
        """Say what is going to happen, in a few lines."""
        there = self.repository
        state = "private" if there.is_private else "public: everybody can see and download it"
        verb = "Files of these names are replaced in" if there.is_there else "A new repository:"
        size = sum(map(len, self.files.values())) / 1000
        listed = "\n".join(f"  {path}" for path in self.files)
        return (
            f"{verb} {there.name} ({state}).\n"
            f"License {self.license}, in prompts {self.word}; {len(self.files)} files, "
            f"{size:.0f} KB:\n{listed}"
        )


@dataclass(frozen=True)
class Choices:
    """What the publisher decides; None and empty for what is known of the embedding."""

    public: bool = False
    license: str = ""
    concept_type: ConceptType | None = None
    pictures: Sequence[Image.Image] = ()


def prepare(
    library: Library, name: str, repository: str, choices: Choices, *, token: str | None = None
) -> Publication:
    """Make the files of an embedding and find the repository; nothing is uploaded.

    Args:
        library: Where the embedding is.
        name: Its name.
        repository: OWNER/NAME, or NAME for one of the token's owner.
        choices: What the publisher decides.
        token: The token to write with; None for that of HF_TOKEN or of a login.

    Raises:
        EmbeddingError: There is no such embedding.
        HubError: There is no token, the Hub cannot be reached, or the repository is public and
            this was not asked for.
    """
    embedding, path = library.load(name), library.path_of(name)
    token = find_token(token)
    there = find_repository(repository.strip(), token, private=not choices.public)
    if there.is_there and not there.is_private and not choices.public:
        raise HubError(
            f'"{there.name}" is public; publish there with --public ("Public" on the page), or '
            "choose another repository."
        )
    run = find_run(embedding)
    embedding = with_provenance(embedding, path, run)
    kind = choices.concept_type or ("style" if is_style(run) else "object")
    pictures = choices.pictures or newest_previews(run, _MOST_PREVIEWS)
    license_id = choices.license or LICENSES[0 if len(embedding.vectors) == 1 else 1]
    files = make_files(embedding, Extras(concept_type=kind), there.name, license_id, pictures)
    return Publication(there, files, word_of(embedding, Extras()), license_id)


def publish(publication: Publication, *, token: str | None = None) -> str:
    """Upload what was prepared; return the repository's address.

    Raises:
        HubError: There is no token, the Hub cannot be reached, or refuses.
    """
    name = publication.word.strip("<>")
    message = f"Textual inversion embedding {name}"
    return upload(publication.repository, publication.files, find_token(token), message)


def make_files(
    embedding: Embedding,
    extras: Extras,
    repository: str,
    license_id: str,
    pictures: Sequence[Image.Image],
) -> dict[str, bytes]:
    """Make the files of a repository: card, vectors, word, type and pictures."""
    shown = {f"images/{number}.jpg": _jpeg(one) for number, one in enumerate(pictures, start=1)}
    main, word = f"{embedding.name}.safetensors", word_of(embedding, extras)
    base_model = embedding.base_model or ""
    card = Card(
        "learned_embeds.safetensors",
        repository=repository,
        license=license_id,
        base_model=base_model if is_hub_name(base_model) else "",
        pictures=tuple(shown),
        other_file=main,
    )
    return {
        "README.md": write_card(embedding, extras, card).encode(),
        **_vector_files(embedding, word),
        "token_identifier.txt": word.encode(),
        "type_of_concept.txt": extras.concept_type.encode(),
        **shown,
    }


def _vector_files(embedding: Embedding, word: str) -> dict[str, bytes]:
    """Write and read back NAME.safetensors, and diffusers' file for each text encoder."""
    with tempfile.TemporaryDirectory(prefix="publish-") as folder:
        written = [
            *export(embedding, "safetensors", Path(folder)),
            *write_learned(embedding, Path(folder), word, suffix=".safetensors"),
        ]
        return {path.name: path.read_bytes() for path in written}


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    plain = picture.convert("RGB")
    plain.info.clear()
    plain.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
