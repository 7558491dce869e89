"""Read and validate the JSON files of a model's folder. Light: no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual_inversion.errors import ModelError

_MAX_BYTES = 2**20
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
    except (OSError, ValueError) as error:
        raise _broken(path, str(error)) from None
    return data


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
