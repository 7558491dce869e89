"""`ti diffusers` and `ti diffusers-sdxl`: a training by diffusers' flags, with its files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commandline.compat.mapping import Options, check, create_settings, notes, train_settings
from textual_inversion.errors import ModelError, SettingsError
from textual_inversion.events import Event, Finished, Warned
from textual_inversion.runs.requests import Control
from textual_inversion.settings import read_settings_file

if TYPE_CHECKING:
    from textual_inversion.embeddings.library import Library


def read_options(args: argparse.Namespace) -> Options:
    """Separate the command from its flags, and refuse what cannot be done."""
    given = dict(vars(args))
    options = Options(given.pop("command"), given)
    check(options)
    return options


def train(options: Options, control: Control, repository: str = "") -> Iterator[Event]:
    """Train, and write the files of the original beside the run's own.

    The run's logs lie in the folder for logs, the embedding for A1111 and ComfyUI in embeddings/.
    The card names the `repository` that the files go to, if there is one.
    """
    from commandline.compat.checkpoints import find_checkpoint, put_into_run
    from commandline.compat.outputs import Outputs
    from textual_inversion.embeddings.library import Library
    from textual_inversion.training.run import train as run

    checkpoint = find_checkpoint(options)
    settings = train_settings(options, resume="never", seed=None)  # refused before files appear
    started_as = create_settings(options)
    yield from map(Warned, notes(options))
    if options["resume_from_checkpoint"] and checkpoint is None:
        yield Warned(f"There is no checkpoint in {options.output} to go on from; a new run starts.")
    if checkpoint:
        checkpoint = put_into_run(checkpoint, options)
        seed = _seed_of(checkpoint.parent.parent)
        settings = train_settings(options, resume=str(checkpoint), seed=seed)
    if options["variant"]:
        _fetch_variant(options.model, options["variant"])
    if options["allow_tf32"]:
        _allow_tf32()
    library = Library(options.output / "embeddings")
    _make_embedding(options, started_as, library, goes_on=checkpoint is not None)
    outputs = Outputs(options, repository)
    with closing(run(settings, control, library)) as events:  # pyright: ignore[reportArgumentType]
        for event in events:
            written = list(outputs.handle(event))
            if isinstance(event, Finished):
                event = replace(event, path=str(outputs.main))
            yield from (event, *written)


def _make_embedding(options: Options, started_as: Any, library: Library, *, goes_on: bool) -> None:
    """Create the embedding, unless the run goes on with the one that is there."""
    from textual_inversion.embeddings.create import create

    if not (goes_on and library.find(options.name)):
        create(started_as, library)
        return
    there = library.load(options.name)
    if there.num_vectors != options["num_vectors"]:
        raise SettingsError(
            f"The run to go on with has {there.num_vectors} vectors and --num_vectors is "
            f"{options['num_vectors']}; leave --resume_from_checkpoint out to start anew."
        )


def _fetch_variant(model: str, variant: str) -> None:
    """Download that variant of a model on the Hub; one that is here is taken as it is."""
    from textual_inversion.models.catalog import find_model
    from textual_inversion.models.hub import fetch, is_hub_name

    if not is_hub_name(model):
        return
    try:
        find_model(model)
    except ModelError:
        fetch(model, variant=variant)


def _seed_of(run_folder: Path) -> int | None:
    file = run_folder / "settings.json"
    seed = read_settings_file(file).get("seed") if file.is_file() else None
    return seed if isinstance(seed, int) else None


def _allow_tf32() -> None:
    import torch

    torch.backends.cuda.matmul.allow_tf32 = True
