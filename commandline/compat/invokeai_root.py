"""InvokeAI's root folder: where it lies, its models, and its embeddings/. Light: no torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from textual_inversion.errors import SettingsError
from textual_inversion.storage.paths import find_folder

# Names that InvokeAI's installer gave, and where those models are on the Hugging Face Hub today.
_ON_HUB = {
    "stable-diffusion-1.4": "CompVis/stable-diffusion-v1-4",
    "stable-diffusion-1.5": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "stable-diffusion-2.1": "stabilityai/stable-diffusion-2-1",
}


def find_root(chosen: str | None) -> Path | None:
    """Return the root folder that was chosen or that INVOKEAI_ROOT names; None for our folders."""
    named = chosen or os.environ.get("INVOKEAI_ROOT")
    return Path(named).expanduser().absolute() if named else None


def base_folder(root: Path | None) -> Path:
    """Return the folder in which those for pictures and results are made."""
    return root or Path(os.environ.get("TI_HOME", ".")).absolute()


def embeddings_folder(root: Path | None) -> Path:
    """Return the folder that finished embeddings are copied to."""
    return root / "embeddings" if root else find_folder("embeddings").absolute()


def model_names(root: Path | None) -> list[str]:
    """List the models of configs/models.yaml, the one marked default first."""
    listed = _listed(root)
    return sorted(listed, key=lambda name: not listed[name].get("default", False))


def find_model_of(name: str, root: Path | None) -> str:
    """Translate InvokeAI's name of a model to a path or a name that we know; others stay."""
    entry = _listed(root).get(name)
    if entry:
        return _place(entry, root) or str(entry.get("repo_id") or name)
    for folder in (root / "models" if root else None, find_folder("models")):
        if folder and (folder / name).exists():
            return str(folder / name)
    return name if Path(name).exists() else _ON_HUB.get(name, name)


def _place(entry: dict[str, Any], root: Path | None) -> str | None:
    """Find the files of a model; paths are relative to the root or, in 3.x, to its models/."""
    given = str(entry.get("path") or entry.get("weights") or "")
    folders = (root, root / "models") if root else ()
    found = [folder / given for folder in folders if given and (folder / given).exists()]
    return str(found[0]) if found else None


def _listed(root: Path | None) -> dict[str, dict[str, Any]]:
    file = root / "configs" / "models.yaml" if root else None
    if file is None or not file.is_file():
        return {}
    import yaml

    try:
        read: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{file} cannot be read: {reason}; repair or remove it.") from None
    entries: dict[Any, Any] = read if isinstance(read, dict) else {}
    return {str(name): entry for name, entry in entries.items() if isinstance(entry, dict)}
