"""`ti train run.json`: a training in one file, which begins in a bare folder and goes on there."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from commandline.flags import given_settings
from textual_inversion.errors import SettingsError
from textual_inversion.settings import CreateSettings, TrainSettings, read_settings_file
from textual_inversion.settings.create import VectorSettings
from textual_inversion.storage.atomic import os_errors
from textual_inversion.storage.paths import find_folder


def read_run_file(args: argparse.Namespace) -> TrainSettings:
    """Read the settings of a file that stands in the embedding's place; flags come before it.

    What the vectors start from may stand there, too: with an initialization_text, an embedding that
    does not exist yet is created, and the folders of embeddings and of runs are made where they are
    missing, so that nothing is written elsewhere.

    Raises:
        SettingsError: The file cannot be read, or a value is wrong.
        EmbeddingError: The embedding has a name that it cannot have.
    """
    if args.settings_file:
        raise SettingsError(
            f"{args.embedding} and --settings {args.settings_file} are two files of settings; "
            "leave one of them out."
        )
    flags = given_settings(args)
    file = Path(flags.pop("embedding"))
    given = {**read_settings_file(file), **flags}
    start = {key: given.pop(key) for key in VectorSettings.model_fields if key in given}
    settings = TrainSettings.build(given)
    if "initialization_text" in start:
        _make_folders("embeddings", settings.log_dir)
        same = {"model": settings.model, "tokenizer": settings.tokenizer}
        _create(CreateSettings.build(start, {"name": settings.embedding}, same))
    return settings


def _make_folders(*names: str) -> None:
    for name in names:
        path = Path(os.environ.get("TI_HOME", ".")) / name
        with os_errors(path, doing="make"):
            path.mkdir(parents=True, exist_ok=True)


def _create(settings: CreateSettings) -> None:
    from textual_inversion.embeddings.create import create
    from textual_inversion.embeddings.library import Library

    if Library(find_folder("embeddings")).find(settings.name) is None:
        create(settings)
