"""A run as a grid sees it: its word, its snapshots, and how its previews were drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual_inversion.embeddings import formats
from textual_inversion.errors import SettingsError, TrainingError
from textual_inversion.prompts.template import fill_template, read_template
from textual_inversion.settings import GenerateSettings, TrainSettings, read_settings_file
from textual_inversion.storage.paths import find_folder

BEST = "best"
_PREVIEW = "preview_"


@dataclass(frozen=True)
class RunFolder:
    """A run folder's embedding, its snapshots by step (ascending), and its settings."""

    folder: Path
    name: str
    snapshots: dict[int, Path]
    best: Path | None
    settings: TrainSettings

    def defaults(self) -> dict[str, Any]:
        """Return what the previews had, under the names of a picture's settings."""
        fields: dict[str, Any] = {"model": self.settings.model}
        for name in GenerateSettings.model_fields:
            if name != "prompt" and hasattr(self.settings, _PREVIEW + name):
                fields[name] = getattr(self.settings, _PREVIEW + name)
        for side in ("width", "height"):
            fields[side] = fields.get(side) or getattr(self.settings, side)
        fields["negative_prompt"] = self._filled(self.settings.preview_negative_prompt)
        return fields

    def prompts(self) -> list[str]:
        """List the prompts of the previews, or the template's first line."""
        lines = [line.strip() for line in self.settings.preview_prompt.splitlines()]
        written = [line for line in lines if line]
        return [
            self._filled(line) for line in written or [read_template(self.settings.template)[0]]
        ]

    def _filled(self, line: str) -> str:
        return fill_template(line, name=f"<{self.name}>", words="")


def open_run(name: str, *, with_snapshots: bool = True) -> RunFolder:
    """Open a run by its folder, or the newest one of an embedding.

    Raises:
        TrainingError: There is no such run, or, where they are wanted, it has saved no snapshots.
        SettingsError: Its settings cannot be read.
    """
    folder = _find(name.strip())
    settings = TrainSettings.build(_known(read_settings_file(folder / "settings.json")))
    word = settings.embedding
    files = [path for path in sorted((folder / "embeddings").glob("*")) if _is_readable(path)]
    steps = {path: path.stem.removeprefix(f"{word}-") for path in files}
    snapshots = {int(step): path for path, step in steps.items() if step.isdecimal()}
    best = next((path for path, step in steps.items() if step == BEST), None)
    if with_snapshots and not snapshots:
        raise TrainingError(
            f"The run {folder} has no snapshots to compare; train with --save-embedding-every "
            "above 0."
        )
    return RunFolder(folder, word, dict(sorted(snapshots.items())), best, settings)


def _find(name: str) -> Path:
    if (Path(name) / "settings.json").is_file():
        return Path(name)
    runs = find_folder("runs")
    if (runs / name / "settings.json").is_file():
        return runs / name
    found = [path.parent for path in runs.glob("*/*/settings.json") if _is_of(path, name)]
    if found:
        return max(found, key=lambda folder: (folder / "settings.json").stat().st_mtime)
    raise TrainingError(
        f"There is no run {name[:200]!r} in {runs}; give a run folder, or the name of an embedding "
        "that was trained there."
    )


def _is_of(settings: Path, name: str) -> bool:
    if settings.parent.name == name:
        return True
    try:
        return str(read_settings_file(settings).get("embedding")) == name
    except SettingsError:
        return False


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a later version of this program may have written."""
    known = {*TrainSettings.model_fields, "schema_version"}
    return {name: value for name, value in fields.items() if name in known}


def _is_readable(path: Path) -> bool:
    return path.suffix.lower() in formats.READABLE and not path.name.startswith(".")
