"""Separate tokenizers: folders here, and repositories of the Hugging Face Hub. Light: no torch."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.errors import ModelError
from textual_inversion.models.hub import cached_file, download, download_explained, is_hub_name
from textual_inversion.models.listing.folders import scanned_folders
from textual_inversion.storage.paths import find_folder

_VOCABULARIES = (("tokenizer.json",), ("vocab.json", "merges.txt"))
_IN_MODELS = "tokenizer"
_FILES = (
    *(name for names in _VOCABULARIES for name in names),
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", f"{_IN_MODELS}/*",
)  # fmt: skip
_NEEDED = "it has neither a tokenizer.json nor a vocab.json with a merges.txt"


def find_tokenizer(name: str) -> Path:
    """Find a tokenizer's folder by path, by its name in a scanned folder, or in the Hub's cache.

    Of a base model's folder it is the first tokenizer.

    Raises:
        ModelError: There is none, or the folder has no vocabulary.
    """
    if found := _find_here(name):
        return found
    if is_hub_name(name):
        raise ModelError(
            f'There is no tokenizer "{name}" on this machine; one of that name on the Hugging Face '
            "Hub is downloaded when training or generation first uses it."
        )
    raise ModelError(
        f'There is no tokenizer "{name}"; give the path of a folder with a vocab.json and a '
        "merges.txt, or a name on the Hugging Face Hub."
    )


def fetch_tokenizer(name: str) -> Path:
    """Find a tokenizer's folder, downloaded first if it is named as on the Hub and not here yet.

    Raises:
        ModelError: There is none, it has no vocabulary, or it cannot be downloaded.
    """
    if _find_here(name) or not is_hub_name(name):
        return find_tokenizer(name)
    with download_explained(
        f'The tokenizer "{name}"', "give the path of a folder with a vocab.json and a merges.txt"
    ):
        found = _vocabulary_in(download(name, _FILES))
    if found is None:
        raise ModelError(
            f'The repository "{name}" on the Hugging Face Hub is no tokenizer: {_NEEDED}; give '
            "another name, or a folder."
        )
    return found


def _find_here(name: str) -> Path | None:
    named = [Path(name).expanduser(), find_folder(name)]
    named += [folder / name for folder in scanned_folders()]
    folders = [path for path in named if name.strip() and path.is_dir()]
    for folder in folders:
        if found := _vocabulary_in(folder):
            return found.absolute()
    if folders:
        raise ModelError(
            f"The folder {folders[0]} is no tokenizer: {_NEEDED}; give another folder."
        )
    return _find_cached(name) if is_hub_name(name) else None


def _find_cached(name: str) -> Path | None:
    for prefix in ("", f"{_IN_MODELS}/"):
        for names in _VOCABULARIES:
            files = [cached_file(name, prefix + file) for file in names]
            if all(files) and files[0]:
                return files[0].parent
    return None


def _vocabulary_in(folder: Path) -> Path | None:
    """Return the folder, or the tokenizer's in a base model's, where a vocabulary is in it."""
    for found in (folder, folder / _IN_MODELS):
        if any(all((found / file).is_file() for file in files) for files in _VOCABULARIES):
            return found
    return None
