"""Base models of the Hugging Face Hub: found in its cache, downloaded once when first opened."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError
from textual_inversion.models.single_file_layout import SUFFIXES

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
    found = cached_file(name, "model_index.json")
    if found is None:
        return None
    folder = found.parent
    return folder if all(any((folder / p).glob("*.safetensors")) for p in _PARTS) else None


def cached_file(name: str, file: str) -> Path | None:
    """Find one file of a repository in the Hub's cache; None when it was not downloaded."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, file)
    return Path(found) if isinstance(found, str) else None


def download(
    name: str,
    patterns: Iterable[str],
    *,
    skipped: Iterable[str] = (),
    progress_bar: type[Any] | None = None,
) -> Path:
    """Download the files of a repository that match, unless the cache has them; return its folder.

    Raises one of `faults()` where it cannot.
    """
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        name,
        allow_patterns=list(patterns),
        ignore_patterns=list(skipped),
        tqdm_class=progress_bar,
    )
    return Path(folder)


def fetch(name: str) -> Path:
    """Download a model's configuration, tokenizers and safetensors weights; no pickles.

    Raises:
        ModelError: There is no such model, no way to it, or it has no safetensors.
    """
    with _explained(f'The base model "{name}"', "choose one that is here, such as models/pocket"):
        from huggingface_hub import HfApi

        # One request, and no retries: without a connection this ends at once.
        found = HfApi().model_info(name)
        names = [file.rfilename for file in found.siblings or []]
        # Half-precision files are taken only where there are no others.
        full = any(n.startswith("unet/") and _is_full(n) for n in names)
        skipped = ["*.non_ema.*", *(["*.fp16.*"] if full else [])]
        return download(name, [*_FILES, *_WEIGHTS], skipped=skipped)


def fetch_tokenizer() -> Path:
    """Give the folder of CLIP's tokenizer, which single files lack; 2 MB are downloaded once.

    Raises:
        ModelError: It is not here, and there is no way to it.
    """
    found = cached_file(_CLIP, "merges.txt")
    if found and found.with_name("vocab.json").is_file():
        return found.parent
    advice = "put its vocab.json and merges.txt into a folder named tokenizer beside the model"
    with _explained("CLIP's tokenizer, which a single-file model needs,", advice):
        return download(_CLIP, ["vocab.json", "merges.txt"])


@contextmanager
def _explained(what: str, advice: str) -> Iterator[None]:
    """Word a download that fails: what was looked for, where, and what to do without it."""
    try:
        yield
    except faults() as error:
        from huggingface_hub import constants

        raise ModelError(
            f"{what} is not on this machine (neither under models/ nor in {constants.HF_HUB_CACHE})"
            f" and cannot be downloaded from {constants.ENDPOINT} ({reason(error)}); go online and "
            f"check the name, or {advice}."
        ) from None


def faults() -> tuple[type[Exception], ...]:
    """List what the Hub's client may raise: its own errors and those of the HTTP client beneath.

    Which HTTP client that is has changed before; the Hub's own error derives from its base.
    """
    from huggingface_hub import errors

    packages = {kind.__module__.partition(".")[0] for kind in errors.HfHubHTTPError.__mro__}
    modules = [errors, *(sys.modules[name] for name in sorted(packages - {"builtins"}))]
    named = {kind for module in modules for kind in vars(module).values() if _is_fault(kind)}
    # The rest is what becomes of an answer that is none of the Hub's.
    garbled = (ValueError, LookupError, TypeError, AttributeError)
    return (OSError, RuntimeError, *garbled, *named)


def reason(error: Exception) -> str:
    """Say in a few words why there was no download."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in {401, 403, 404}:
        return f"it answers {status}: there is no such model, or it is not for everybody"
    if status:
        return f"it answers {status}"
    said = (" ".join(str(error).split()) or type(error).__name__)[:200].rstrip(".")
    is_garbled = isinstance(error, ValueError | LookupError | TypeError | AttributeError)
    return f"its answer cannot be understood: {said}" if is_garbled else said


def _is_fault(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception


def _is_full(name: str) -> bool:
    return name.endswith(".safetensors") and ".fp16." not in name and ".non_ema." not in name
