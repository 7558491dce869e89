"""All that is wrong with the form's values at once, by field. Light: no Textual, no torch."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commandline.compat.checkpoints import checkpoints
from commandline.compat.invokeai_root import find_model_of
from textual_inversion.errors import TextualInversionError
from textual_inversion.images.folder import find_pictures
from textual_inversion.models.catalog import describe_model, find_model
from textual_inversion.models.hub import is_hub_name
from textual_inversion.runs.folder import running_folders
from textual_inversion.settings import ConsoleSettings

_XFORMERS = "enable_xformers_memory_efficient_attention"


def find_mistakes(values: dict[str, Any], root: Path | None) -> dict[str, str]:
    """Say what is wrong with each field; "" holds what is wrong between fields."""
    found = ConsoleSettings.mistakes(values)
    checks: dict[str, Callable[[Any], str]] = {
        "model": lambda name: _model(find_model_of(name, root)),
        "train_data_dir": lambda text: _sentence(lambda: find_pictures(_path(text))),
        "output_dir": lambda text: _output(_path(text)),
        "resume": lambda resume: _resume(_path(values["output_dir"])) if resume else "",
        _XFORMERS: _xformers,
    }
    for field, check in checks.items():
        if field not in found and (mistake := check(values[field])):
            found[field] = mistake
    return found


def count_pictures(folder: str) -> int:
    """Count the pictures of a folder; 0 where there is no such folder."""
    from textual_inversion.images.folder import pictures_in

    path = _path(folder)
    return len(pictures_in(path)) if folder and path.is_dir() else 0


def newest_checkpoint_of(folder: str) -> Path | None:
    """Find the newest checkpoint-N of an output folder."""
    found = checkpoints(_path(folder)) if folder else []
    return found[-1] if found else None


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _sentence(check: Callable[[], object]) -> str:
    try:
        check()
    except TextualInversionError as error:
        return str(error)
    return ""


def _model(name: str) -> str:
    if is_hub_name(name) and not Path(name).exists() and _sentence(lambda: find_model(name)):
        return ""  # it is downloaded when training starts
    return _sentence(lambda: describe_model(name))


def _output(folder: Path) -> str:
    if folder.exists() and not folder.is_dir():
        return f"{folder} is a file; name a folder."
    if running := running_folders(folder / "logs"):
        return f"A training runs there already; look at it with: ti console {running[0]}."
    return ""


def _resume(folder: Path) -> str:
    if checkpoints(folder):
        return ""
    return "There is no checkpoint in the output folder to go on from."


def _xformers(chosen: bool) -> str:  # noqa: FBT001
    if chosen and importlib.util.find_spec("xformers") is None:
        return "xformers is not installed; install it with: pip install xformers."
    return ""
