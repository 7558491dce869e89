"""The folders checkpoint-N of an output folder, and the run that a checkpoint belongs to."""

from __future__ import annotations

import re
from pathlib import Path

from commandline.compat.mapping import Options
from textual_inversion.errors import SettingsError
from textual_inversion.runs.folder import new_run_folder
from textual_inversion.storage.atomic import write_whole

_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


def checkpoints(folder: Path) -> list[Path]:
    """List the checkpoint-N folders that hold a checkpoint, the oldest first."""
    found = {
        int(match[1]): path
        for path in folder.glob("checkpoint-*")
        if (match := _CHECKPOINT.fullmatch(path.name)) and any(path.glob("*.ckpt"))
    }
    return [found[number] for number in sorted(found)]


def find_checkpoint(options: Options) -> Path | None:
    """Find the checkpoint's file that --resume_from_checkpoint names; None for none at all.

    Raises:
        SettingsError: It names a checkpoint that does not exist.
    """
    asked = options["resume_from_checkpoint"]
    if not asked:
        return None
    if asked == "latest":
        folders = checkpoints(options.output)[-1:]
    else:
        folders = [options.output / Path(asked).name, Path(asked).expanduser()]
    found = [path for folder in folders for path in sorted(folder.glob("*.ckpt"))]
    if not found and asked != "latest":
        raise SettingsError(
            f'There is no checkpoint "{asked}" in {options.output}; it has '
            f"{', '.join(path.name for path in checkpoints(options.output)) or 'none'}."
        )
    return found[0] if found else None


def put_into_run(checkpoint: Path, options: Options) -> Path:
    """Return the checkpoint in the run folder it comes from; a new one, if that is gone."""
    content = checkpoint.read_bytes()
    for path in options.logs.glob(f"*/*/checkpoints/{checkpoint.name}"):
        if path.read_bytes() == content:
            return path
    path = new_run_folder(options.logs, options.name) / "checkpoints" / checkpoint.name
    write_whole(path, content)
    return path
