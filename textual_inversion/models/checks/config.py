"""Read and validate the files of a model's folder before a library opens them. Light: no torch.

Code that comes with a model (`auto_map`, classes of its own) is never run; a model that asks for it
is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError
from textual_inversion.models.single_file.layout import check_header

_MAX_BYTES = 2**20
_MAX_TOKENIZER_BYTES = 2**24  # CLIP's takes 3 MB
_MAX_INDEX_BYTES = 2**22
_LIBRARIES = {"diffusers", "transformers"}
_MAX_ITEMS = 4096
# The largest number allowed, by the end of the key; published models stay far below.
_LIMITS = {"layers": 200, "layers_per_block": 50, "blocks": 50, "vocab_size": 2**18}
_LIMITS |= dict.fromkeys(("channels", "_size", "_dim", "heads", "groups", "width"), 2**14)
_LIMITS |= {"": 2**20}
_MAY_BE_INFINITE = "lambda_min_clipped"  # of diffusers' DPM solvers: -Infinity means no clipping


def read_config(path: Path) -> dict[str, Any]:
    """Read a configuration.

    Raises:
        ModelError: It is not a JSON object, or has numbers that would exhaust memory or time.
    """
    try:
        if not path.is_file() and path.exists():
            raise ValueError("it is not a regular file")
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError(f"it holds a {type(data).__name__} instead of an object")
        _check(data)
    except RecursionError:
        raise _broken(path, "it is nested too deeply") from None
    except OSError as error:
        raise _broken(path, error.strerror or str(error)) from None
    except ValueError as error:
        raise _broken(path, str(error)) from None
    _check_code(path, data)
    return data


def _check_code(path: Path, data: dict[str, Any]) -> None:
    """Refuse what would have a library fetch code, or weights that take another library."""
    if "auto_map" in data:
        raise _code(path, "auto_map")
    for key in ("attn_implementation", "_attn_implementation"):
        if "/" in str(data.get(key)):  # transformers takes it for a kernel on the Hub
            raise _code(path, f"{key} {str(data[key])[:80]}")
    if "quantization_config" in data:
        raise ModelError(
            f"The base model is quantized, as {path} says, and embeddings are not trained on such; "
            "use the model in full or half precision."
        )


def read_index(path: Path, parts: Iterable[str] = ()) -> str:
    """Read a model_index.json and return the name of its pipeline's class.

    Raises:
        ModelError: It is broken, or names a class from a file of the model's own.
    """
    index = read_config(path)
    if isinstance(index.get("_class_name"), list):
        raise _code(path, f"the pipeline {str(index['_class_name'])[:80]}")
    for part in parts:
        entry = index.get(part)
        if isinstance(entry, list) and entry and entry[0] not in _LIBRARIES:
            raise _code(path, f"the {part} {str(entry)[:80]}")
    return str(index.get("_class_name"))


def check_folder(folder: Path) -> str | None:
    """Check the files of a part's folder, so that no library waits for one or reads without end.

    Returns:
        diffusers' variant "fp16" where the part has no other weights.

    Raises:
        ModelError: A file is a pipe or the like, or an index of weights is broken or names files
            elsewhere.
    """
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise _broken(folder, error.strerror or str(error)) from None
    for path in files:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise _broken(path, "it is not a regular file")
        if path.name.endswith(".index.json"):
            _check_weight_index(path)
        elif path.suffix == ".safetensors" and path.is_file():
            check_header(path)
        elif path.suffix in {".json", ".txt"} and path.stat().st_size > _MAX_TOKENIZER_BYTES:
            raise _broken(path, "it is too large")
    names = [path.name for path in files if path.suffix == ".safetensors"]
    return "fp16" if names and all(".fp16." in name for name in names) else None


def _check_weight_index(path: Path) -> None:
    """Check an index of weights in several files, {"weight_map": {tensor: file}}."""
    try:
        if path.stat().st_size > _MAX_INDEX_BYTES:
            raise ValueError("it is too large")
        named: set[str] = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
        if not named:
            raise ValueError("it names no file")
        missing = [
            name for name in named if Path(name).name != name or not (path.parent / name).is_file()
        ]
    except RecursionError:
        raise _broken(path, "it is nested too deeply") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _broken(path, str(error)[:200]) from None
    if missing:
        raise _broken(path, f"it names the file {sorted(missing)[0][:80]}, which is not beside it")


def _code(path: Path, what: str) -> ModelError:
    return ModelError(
        f"The base model asks in {path} for code of its own ({what}), which is never run; use a "
        "model of the usual classes."
    )


def _broken(path: Path, why: str) -> ModelError:
    return ModelError(f"The base model's file {path} cannot be read ({why}); copy the model again.")


def _check(data: dict[str, Any]) -> None:
    for count, (key, value) in enumerate(_values("", data)):
        if count > _MAX_ITEMS:
            raise ValueError("it has too many values")
        if key == _MAY_BE_INFINITE or isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            limit = next(limit for end, limit in _LIMITS.items() if key.endswith(end))
            if not abs(value) <= limit:
                raise ValueError(f"{key[:40]} is {str(value)[:20]}, which no model has")


def _values(key: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(str(name), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(key, inner)
    else:
        yield key, value
