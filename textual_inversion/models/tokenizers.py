"""The tokenizers of a base model: its folder's, or CLIP's for a single file, which has none.

A single file whose vocabulary is not CLIP's takes the tokenizer of that size in a folder named
"tokenizer" beside it, or in a model's folder beside it or under models/. A separate tokenizer that
a setting names takes the place of either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.checks.config import check_folder
from textual_inversion.models.families.base import tokenizer_names
from textual_inversion.models.listing.tokenizers import find_tokenizer
from textual_inversion.models.single_file.clip_tokenizer import VOCAB_SIZE, make_clip_tokenizer
from textual_inversion.models.single_file.layout import read_checkpoint_layout
from textual_inversion.prompts.chunks import Token
from textual_inversion.prompts.emphasis import BREAK, Fragment
from textual_inversion.storage.paths import find_folder

_OWN = "The tokenizer of the base model in"
_SEPARATE = "The tokenizer"


def open_tokenizers(info: ModelInfo, separate: str = "") -> list[Any]:
    """Load one tokenizer for each text encoder, without any weights; nothing is downloaded.

    Args:
        info: The base model.
        separate: A separate tokenizer, as the setting names it; empty takes the model's own.

    Raises:
        ModelError: One is missing or broken, or the separate one does not fit the model.
    """
    own = _open_own(info)
    return replace_tokenizers(own, find_tokenizer(separate), info) if separate else own


def replace_tokenizers(
    own: Sequence[Any], folder: Path, info: ModelInfo, num_words: Sequence[int] = ()
) -> list[Any]:
    """Load a separate tokenizer in place of each of a model's own.

    As in diffusers' textual_inversion.py a single one pads texts its own way. Of a model with
    several text encoders, for which diffusers' script has no such flag, each pads them as before.

    Args:
        own: The tokenizers that are replaced, one for each text encoder.
        folder: The separate one's.
        info: The base model.
        num_words: The size of each text encoder's table, where it is known.

    Raises:
        ModelError: It is broken, has more tokens than a table, or marks the ends of a text by
            other ids than the model's own.
    """
    if len(own) == 1:
        found = [_open(folder, _SEPARATE)]
    else:
        found = [_open(folder, _SEPARATE, pad_token=each.pad_token) for each in own]
    for tokenizer, size in zip(found, num_words, strict=False):
        _check_size(tokenizer, size, folder, info)
    for tokenizer, replaced in zip(found, own, strict=True):
        _check_marks(tokenizer, replaced, folder, info)
    return found


def _open_own(info: ModelInfo) -> list[Any]:
    if not info.is_single_file:
        return [_open(info.folder / name) for name in tokenizer_names(info.family)]
    layout = read_checkpoint_layout(info.folder)
    encoders = layout.format.text_encoders
    vocab_size = layout.token_table_shape(encoders[0].prefix)[0]
    if vocab_size == VOCAB_SIZE:
        return [make_clip_tokenizer(keys.pad_token) for keys in encoders]
    folder = next((f for f in _folders(info) if _vocab_size(f) == vocab_size), None)
    if folder is None:
        raise ModelError(
            f"The base model {info.folder} knows {vocab_size} tokens, CLIP's tokenizer "
            f"{VOCAB_SIZE}; put its own vocab.json and merges.txt into a folder named tokenizer "
            "beside it."
        )
    return [_open(folder, pad_token=keys.pad_token) for keys in encoders]


def tokenize(
    tokenizer: Any, fragments: Iterable[Fragment], rows: Mapping[str, Sequence[int]]
) -> Iterator[Token]:
    """Tokenize a prompt's fragments.

    `rows` maps each learned name to the rows of its vectors; row r has the id -1 - r.
    """
    comma = tokenizer.get_vocab().get(",</w>")
    for fragment in fragments:
        if fragment is BREAK:
            yield Token(())
        elif fragment.name is None:
            ids = tokenizer(fragment.text, add_special_tokens=False, verbose=False).input_ids
            for one in ids:
                yield Token((one,), fragment.weight, is_comma=one == comma)
        else:
            yield Token(tuple(-1 - row for row in rows[fragment.name]), fragment.weight)


def _open(folder: Path, title: str = _OWN, **options: Any) -> Any:
    from transformers import CLIPTokenizer

    if not folder.is_dir():
        raise ModelError(f"The base model has no tokenizer in {folder}; copy the model again.")
    check_folder(folder)
    try:
        return CLIPTokenizer.from_pretrained(str(folder), local_files_only=True, **options)
    except Exception as error:  # noqa: BLE001 - the tokenizers package raises nothing narrower
        raise ModelError(
            f"{title} {folder} cannot be read "
            f"({' '.join(str(error).split())[:200].rstrip('.')}); copy it again."
        ) from None


def _check_size(tokenizer: Any, num_words: int, folder: Path, info: ModelInfo) -> None:
    most = max(tokenizer.get_vocab().values(), default=0) + 1
    if most > num_words:
        raise ModelError(
            f"The tokenizer {folder} has {most} tokens, and the text encoder of the base model "
            f'"{info.name}" knows {num_words}; choose a tokenizer that is made for this model.'
        )


def _check_marks(tokenizer: Any, own: Any, folder: Path, info: ModelInfo) -> None:
    """Refuse other marks than the model's own: the text encoder would not find a text's end."""
    found, expected = ((t.bos_token_id, t.eos_token_id) for t in (tokenizer, own))
    if found != expected:
        raise ModelError(
            f"The tokenizer {folder} begins a text with the token {found[0]} and ends it with "
            f'{found[1]}, and the base model "{info.name}" knows them as {expected[0]} and '
            f"{expected[1]}; choose a tokenizer that is made for this model."
        )


def _folders(info: ModelInfo) -> Iterator[Path]:
    """List the folders that may hold CLIP's tokenizer: beside the file, and other models'."""
    yield info.folder.parent / "tokenizer"
    yield from sorted(info.folder.parent.glob("*/tokenizer"))
    yield from sorted(find_folder("models").glob("*/tokenizer"))


def _vocab_size(folder: Path) -> int:
    """Return the size of a tokenizer's vocabulary; 0 if it cannot be read."""
    try:
        check_folder(folder)
        if (folder / "vocab.json").is_file():
            return len(json.loads((folder / "vocab.json").read_text(encoding="utf-8")))
        data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        return len(data["model"]["vocab"])
    except (ModelError, OSError, ValueError, LookupError, TypeError, RecursionError):
        return 0
