"""Base models of the Hugging Face Hub: found in its cache, downloaded once when first opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textual_inversion.errors import ModelError
from textual_inversion.models.layout import SUFFIXES

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_CLIP = "openai/clip-vit-large-patch14"
_PARTS = ("unet", "vae", "text_encoder")
_FILES = ("model_index.json", "*/config.json", "scheduler/*.json", "tokenizer*/*")
_WEIGHTS = ("unet/*.safetensors*", "vae/*.safetensors*", "text_encoder*/*.safetensors*")


def is_hub_name(name: str) -> bool:
    """Tell whether a name reads like "owner/model" and not like a path of ours."""
    if name.startswith("models/") or name.lower().endswith(SUFFIXES):
        return False
    return _NAME.fullmatch(name) is not None


def find_cached(name: str) -> Path | None:
    """Find the folder of a model that was downloaded whole; None when it was not."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "model_index.json")
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    return folder if all(any((folder / p).glob("*.safetensors")) for p in _PARTS) else None


def fetch(name: str) -> Path:
    """Download a model's configuration, tokenizers and safetensors weights; no pickles.

    Raises:
        ModelError: There is no such model, no way to it, or it has no safetensors.
    """
    with _explained(f'The model "{name}" is not on this machine'):
        from huggingface_hub import list_repo_files, snapshot_download

        names = list_repo_files(name)
        # Half-precision files are taken only where there are no others.
        full = any(n.startswith("unet/") and _is_full(n) for n in names)
        skipped = ["*.non_ema.*", *(["*.fp16.*"] if full else [])]
        patterns = [*_FILES, *_WEIGHTS]
        return Path(snapshot_download(name, allow_patterns=patterns, ignore_patterns=skipped))


def fetch_tokenizer() -> Path:
    """Give the folder of CLIP's tokenizer, which single files lack; 2 MB are downloaded once.

    Raises:
        ModelError: It is not here, and there is no way to it.
    """
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    found = try_to_load_from_cache(_CLIP, "merges.txt")
    if isinstance(found, str) and Path(found).with_name("vocab.json").is_file():
        return Path(found).parent
    advice = (
        "A single-file model needs CLIP's tokenizer (or put its vocab.json and merges.txt into a "
        "folder named tokenizer beside the file), which is not on this machine"
    )
    with _explained(advice):
        return Path(snapshot_download(_CLIP, allow_patterns=["vocab.json", "merges.txt"]))


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Word a download that fails, beginning with what is lacking."""
    import httpx

    try:
        yield
    except (OSError, ValueError, RuntimeError, httpx.HTTPError) as error:
        reason = (" ".join(str(error).split()) or type(error).__name__)[:200].rstrip(".")
        raise ModelError(
            f"{what} and cannot be downloaded from the Hugging Face Hub now ({reason}); go online, "
            "check the name, or give a path."
        ) from None


def _is_full(name: str) -> bool:
    return name.endswith(".safetensors") and ".fp16." not in name and ".non_ema." not in name
