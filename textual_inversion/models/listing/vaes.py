"""Separate VAEs: files and folders under models/ and the added folders. Light for .safetensors."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from textual_inversion.errors import ModelError
from textual_inversion.models.listing.folders import scanned_folders
from textual_inversion.models.listing.scanning import scan
from textual_inversion.models.single_file.layout import SUFFIXES, UNET, read_shapes
from textual_inversion.storage.paths import find_folder

VAE_SUFFIXES = (*SUFFIXES, ".pt")
_IN_VAES = ("decoder.conv_out.weight", "encoder.conv_in.weight")
_SUBFOLDERS = ("", "VAE", "vae")  # the second is A1111's


def find_vae(name: str) -> Path:
    """Find a VAE by path, or by its name in a scanned folder or the folder VAE in it.

    Raises:
        ModelError: There is none.
    """
    named = [Path(name).expanduser(), find_folder(name)]
    named += [folder / sub / name for folder in scanned_folders() for sub in _SUBFOLDERS]
    for path in named:
        if path.suffix.lower() in VAE_SUFFIXES and path.is_file():
            return path.absolute()
        folder = path / "vae" if (path / "model_index.json").is_file() else path
        if (folder / "config.json").is_file():
            return folder.absolute()
    raise ModelError(
        f'There is no VAE "{name}"; give the path of a diffusers folder with a config.json, '
        "or of a .safetensors, .ckpt or .pt file."
    )


def list_vaes() -> list[str]:
    """List the single files that hold a VAE and nothing else, by the names of the scan."""
    return [name for name, path in scan().items() if is_vae_file(path)]


def is_vae_file(path: Path) -> bool:
    """Whether a single file holds a VAE without a UNet.

    Of a torch file the name decides, *.vae.ckpt or a folder VAE, because it is slow to open.
    """
    if not path.is_file():
        return False
    if path.suffix.lower() != ".safetensors":
        return path.stem.lower().endswith(".vae") or path.parent.name.lower() == "vae"
    return _holds_vae_only(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2048)
def _holds_vae_only(path: Path, _: int) -> bool:
    try:
        shapes, _metadata = read_shapes(path)
    except ModelError:
        return False
    found = {name for name in shapes if name.endswith(_IN_VAES)}
    return len(found) == len(_IN_VAES) and not any(name.startswith(UNET) for name in shapes)
