"""Base models of the Hugging Face Hub: found in its cache, or downloaded once."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from textual_inversion.errors import ModelError, exceptions_of
from textual_inversion.models.single_file.layout import SUFFIXES

_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@[\w.-][\w./-]*)?")
_MAIN = "main"
_PARTS = ("unet", "vae", "text_encoder")
_SHARD = re.compile(r"(.*-)\d{5}(-of-(\d{5}).*)")
_FILES = ("model_index.json", "*/config.json", "scheduler/*.json", "tokenizer*/*")
_WEIGHTS = ("unet/*.safetensors*", "vae/*.safetensors*", "text_encoder*/*.safetensors*")


def is_hub_name(name: str) -> bool:
    """Whether a name has the form "owner/model" or "owner/model@revision".

    A path under models/ is none.
    """
    if name.startswith("models/") or name.lower().endswith(SUFFIXES):
        return False
    return _NAME.fullmatch(name) is not None


def check_hub_name(name: str) -> None:
    """Raise ModelError unless a name has the form that models have on the Hub."""
    if not is_hub_name(name):
        raise ModelError(f'"{name}" is no name of a model on the Hub; give it as owner/model.')


def client() -> Any:
    """Import the Hub's client, which diffusers, transformers and gradio import as well.

    Raises:
        ModelError: An environment variable that it reads as it is imported is malformed.
    """
    try:
        importlib.import_module("huggingface_hub.constants")
        return importlib.import_module("huggingface_hub")
    except ValueError as error:
        raise ModelError(_malformed(error)) from None


def find_cached(name: str) -> Path | None:
    """Return the cached folder of a model that was downloaded completely, else None."""
    found = cached_file(name, "model_index.json")
    if found is None:
        return None
    folder = found.parent
    others = (part.name for part in folder.glob("text_encoder_*"))
    return folder if all(_has_weights(folder / part) for part in (*_PARTS, *others)) else None


def _has_weights(part: Path) -> bool:
    """Whether the weights of a model's part are there, and of several shards each."""
    names = {path.name for path in part.glob("*.safetensors")}
    shards = filter(None, map(_SHARD.fullmatch, names))
    whole = {f"{s[1]}{at:05}{s[2]}" for s in shards for at in range(1, int(s[3]) + 1)}
    return bool(names) and whole <= names


def list_cached() -> dict[str, Path]:
    """Map the models of the Hub's cache that were downloaded completely to their folders."""
    client()
    from huggingface_hub import constants

    folders = sorted(Path(constants.HF_HUB_CACHE).glob("models--*--*"))
    names = [name for folder in folders for name in _cached_names(folder)]
    found = {name: find_cached(name) for name in names if is_hub_name(name)}
    return {name: folder for name, folder in found.items() if folder is not None}


def _cached_names(folder: Path) -> Iterator[str]:
    """Name a model of the cache, once for each branch or tag that was downloaded."""
    name = "/".join(folder.name.split("--")[1:])
    refs = folder / "refs"
    for ref in sorted(path for path in refs.rglob("*") if path.is_file()):
        revision = ref.relative_to(refs).as_posix()
        yield name if revision == _MAIN else f"{name}@{revision}"


def cached_file(name: str, file: str) -> Path | None:
    """Find one file of a repository in the Hub's cache; None when it was not downloaded."""
    repository, _, revision = name.partition("@")
    try:
        found = client().try_to_load_from_cache(repository, file, revision=revision or None)
    except ValueError:
        # A name that the Hub does not allow, such as one of more than 96 characters.
        return None
    return Path(found) if isinstance(found, str) else None


def download(
    name: str,
    patterns: Iterable[str],
    *,
    skipped: Iterable[str] = (),
    progress_bar: type[Any] | None = None,
) -> Path:
    """Download the files of a repository that match, unless the cache has them; return its folder.

    Raises one of `download_errors()` where it cannot.
    """
    repository, _, revision = name.partition("@")
    folder = client().snapshot_download(
        repository,
        revision=revision or None,
        allow_patterns=list(patterns),
        ignore_patterns=list(skipped),
        tqdm_class=progress_bar,
    )
    return Path(folder)


def fetch(name: str, *, variant: str = "", progress_bar: type[Any] | None = None) -> Path:
    """Download a model's configuration, tokenizers and safetensors weights; no pickles.

    A connection that breaks is gone on from where it broke, and files that are complete are not
    fetched again. The Hub's client takes the token, the
    folder and the offline mode from the environment (HF_TOKEN, HF_HOME, HF_HUB_OFFLINE).

    Args:
        name: "owner/model", or "owner/model@revision".
        variant: The ending of the weights to take, such as "fp16"; empty takes the full ones, and
            half-precision ones only where there are no others.
        progress_bar: A class like tqdm's, whose bars are counted in bytes.

    Raises:
        ModelError: There is no such model, no connection, or it has no safetensors.
    """
    hub = client()
    with download_explained(
        f'The base model "{name}"', "choose one that is here, such as models/pocket"
    ):
        # One request, and no retries: without a connection this ends at once.
        repository, _, revision = name.partition("@")
        found = hub.HfApi().model_info(repository, revision=revision or None)
        names = [file.rfilename for file in found.siblings or []]
        _check_variant(name, names, variant)
        full = any(n.startswith("unet/") and _is_full(n) for n in names)
        weights = [w.replace(".safetensors", f".{variant}.safetensors") for w in _WEIGHTS]
        skipped = ["*.non_ema.*", *(["*.fp16.*"] if full and not variant else [])]
        wanted = [*_FILES, *(weights if variant else _WEIGHTS)]
        return download(name, wanted, skipped=skipped, progress_bar=progress_bar)


def _check_variant(name: str, files: list[str], variant: str) -> None:
    unets = [file for file in files if file.startswith("unet/") and file.endswith(".safetensors")]
    if variant and not any(f".{variant}." in file for file in unets):
        known = sorted({part for file in unets for part in file.split(".")[1:-1]}) or ["none"]
        raise ModelError(
            f'The model "{name}" has no weights of the variant "{variant}"; its variants: '
            f"{', '.join(known)}."
        )


@contextmanager
def download_explained(what: str, advice: str) -> Iterator[None]:
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
    named = exceptions_of(errors, *(sys.modules[name] for name in packages - {"builtins"}))
    # The rest is what becomes of an answer that is none of the Hub's.
    garbled = (ValueError, LookupError, TypeError, AttributeError)
    return (OSError, RuntimeError, *garbled, *named)


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


def _malformed(error: ValueError) -> str:
    endpoint = os.environ.get("HF_ENDPOINT", "")
    try:
        urlsplit(endpoint)
    except ValueError:
        return (
            f'The environment variable HF_ENDPOINT, "{endpoint}", is no web address ({error}); '
            "correct it, or unset it to use https://huggingface.co."
        )
    names = ", ".join(sorted(name for name in os.environ if name.startswith("HF_")))
    return (
        f"The Hugging Face Hub's client cannot read its environment variables ({error}); correct "
        f"or unset the wrong one of {names}."
    )


def _is_full(name: str) -> bool:
    return name.endswith(".safetensors") and ".fp16." not in name and ".non_ema." not in name
