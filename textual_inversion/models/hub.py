"""Base models of the Hugging Face Hub: found in its cache, or downloaded once."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textual_inversion.errors import ModelError
from textual_inversion.models.single_file_layout import SUFFIXES

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_CLIP = "openai/clip-vit-large-patch14"
_PARTS = ("unet", "vae", "text_encoder")
_FILES = ("model_index.json", "*/config.json", "scheduler/*.json", "tokenizer*/*")
_WEIGHTS = ("unet/*.safetensors*", "vae/*.safetensors*", "text_encoder*/*.safetensors*")


def is_hub_name(name: str) -> bool:
    """Whether a name has the form "owner/model" and is not a path under models/."""
    if name.startswith("models/") or name.lower().endswith(SUFFIXES):
        return False
    return _NAME.fullmatch(name) is not None


def find_cached(name: str) -> Path | None:
    """Return the cached folder of a model that was downloaded completely, else None."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "model_index.json")
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    return folder if all(any((folder / p).glob("*.safetensors")) for p in _PARTS) else None


def fetch(name: str) -> Path:
    """Download a model's configuration, tokenizers and safetensors weights; no pickles.

    Raises:
        ModelError: There is no such model, no connection, or it has no safetensors.
    """
    with _download_explained(
        f'The base model "{name}"', "choose one that is here, such as models/pocket"
    ):
        from huggingface_hub import HfApi, snapshot_download

        # One request, and no retries: without a connection this ends at once.
        found = HfApi().model_info(name)
        names = [file.rfilename for file in found.siblings or []]
        # Half-precision files are taken only where there are no others.
        full = any(n.startswith("unet/") and _is_full(n) for n in names)
        skipped = ["*.non_ema.*", *(["*.fp16.*"] if full else [])]
        patterns = [*_FILES, *_WEIGHTS]
        return Path(snapshot_download(name, allow_patterns=patterns, ignore_patterns=skipped))


def fetch_tokenizer() -> Path:
    """Return the folder of CLIP's tokenizer, which single files lack; 2 MB are downloaded once.

    Raises:
        ModelError: It is not cached and cannot be downloaded.
    """
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    found = try_to_load_from_cache(_CLIP, "merges.txt")
    if isinstance(found, str) and Path(found).with_name("vocab.json").is_file():
        return Path(found).parent
    advice = "put its vocab.json and merges.txt into a folder named tokenizer beside the model"
    with _download_explained("CLIP's tokenizer, which a single-file model needs,", advice):
        return Path(snapshot_download(_CLIP, allow_patterns=["vocab.json", "merges.txt"]))


@contextmanager
def _download_explained(what: str, advice: str) -> Iterator[None]:
    """Turn a failed download into a ModelError: what was missing, where, and what to do."""
    try:
        yield
    except download_errors() as error:
        from huggingface_hub import constants

        raise ModelError(
            f"{what} is not on this machine (neither under models/ nor in {constants.HF_HUB_CACHE})"
            f" and cannot be downloaded from {constants.ENDPOINT} "
            f"({describe_download_error(error)}); go online and check the name, or {advice}."
        ) from None


def download_errors() -> tuple[type[Exception], ...]:
    """List what the Hub's client may raise: its own errors and those of its HTTP client.

    The HTTP client has changed before, so it is found from the bases of the Hub's own error.
    """
    from huggingface_hub import errors

    packages = {kind.__module__.partition(".")[0] for kind in errors.HfHubHTTPError.__mro__}
    modules = [errors, *(sys.modules[name] for name in sorted(packages - {"builtins"}))]
    named = {kind for module in modules for kind in vars(module).values() if _is_fault(kind)}
    # The rest is raised while parsing a response that is not from the Hub.
    unparsable = (ValueError, LookupError, TypeError, AttributeError)
    return (OSError, RuntimeError, *unparsable, *named)


def describe_download_error(error: Exception) -> str:
    """Describe in a few words why a download failed."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in {401, 403, 404}:
        return f"status {status}: there is no such model, or it is private or gated"
    if status:
        return f"status {status}"
    message = (" ".join(str(error).split()) or type(error).__name__)[:200].rstrip(".")
    is_unparsable = isinstance(error, ValueError | LookupError | TypeError | AttributeError)
    return f"its response cannot be parsed: {message}" if is_unparsable else message


def _is_fault(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception


def _is_full(name: str) -> bool:
    return name.endswith(".safetensors") and ".fp16." not in name and ".non_ema." not in name
