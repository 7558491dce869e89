"""The folder of an evaluation: it appears whole, with its pictures and its report."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from datetime import date
from itertools import count
from pathlib import Path

from PIL import Image

from textual_inversion.evaluation.snapshots.record import NAME, REPORT, Evaluation, to_json
from textual_inversion.evaluation.snapshots.report import report_html
from textual_inversion.storage.atomic import os_errors

MOST_TRAINING = 12


def keep(
    evaluation: Evaluation,
    output: Path,
    training: Sequence[Image.Image],
    files: Sequence[Sequence[Path]],
) -> Path:
    """Write the folder of an evaluation; return its report.

    `training` are the training pictures to keep; `files` are the pictures of each subject, the
    class word's first, where they lie now.

    Raises:
        StorageError: The disk is full, or the folder may not be written to.
    """
    day = output / "evaluations" / date.today().isoformat()
    with os_errors(day, doing="write the evaluation to"):
        day.mkdir(parents=True, exist_ok=True)
        temporary = day / f".{secrets.token_hex(8)}.part"
        try:
            _fill(temporary, evaluation, training, files)
            folder = _free_name(day, evaluation.name)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder / REPORT


def training_files(number: int) -> list[str]:
    """Name the files of so many training pictures."""
    return [f"training/{at + 1}.png" for at in range(number)]


def _fill(
    folder: Path,
    evaluation: Evaluation,
    training: Sequence[Image.Image],
    files: Sequence[Sequence[Path]],
) -> None:
    for name in ("training", "pictures"):
        (folder / name).mkdir(parents=True)
    for name, picture in zip(evaluation.training, training, strict=True):
        picture.save(folder / name, format="PNG")
    subjects = (evaluation.word, *evaluation.candidates)
    for subject, paths in zip(subjects, files, strict=True):
        for one, path in zip(subject.pictures, paths, strict=True):
            shutil.copyfile(path, folder / one.file)
    (folder / NAME).write_bytes(to_json(evaluation))
    (folder / REPORT).write_text(report_html(evaluation, folder), encoding="utf-8")


def _free_name(day: Path, name: str) -> Path:
    for number in count(1):
        folder = day / (name if number == 1 else f"{name}-{number}")
        if not folder.exists():
            return folder
    raise AssertionError
