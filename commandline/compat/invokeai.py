"""`ti invokeai`: a training by the flags of InvokeAI's `invokeai-ti`, with its files.

The original is a fork of diffusers' script, so its flags become that script's here.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commandline.compat import diffusers
from commandline.compat.flags import add_flag, unused_flags
from commandline.compat.invokeai_flags import DEFAULTS, INVOKEAI_FLAGS
from commandline.compat.invokeai_root import (
    base_folder,
    embeddings_folder,
    find_model_of,
    find_root,
)
from commandline.compat.mapping import Options, check
from textual_inversion.errors import SettingsError
from textual_inversion.events import Event, Finished, Saved, Warned
from textual_inversion.names import strip_brackets
from textual_inversion.runs.requests import Control

# A fixed batch changes no training, and the console form shows its loss.
_SETTINGS = {"evaluate_every": 10}
_OWN = {
    "gui", "root_dir", "model", "only_save_embeds", "num_train_epochs", "repeats",
    "local_rank",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What to train by diffusers' flags, the notes to say first, and where the result is copied."""

    options: Options
    notes: list[str]
    embeddings: Path


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add every flag of `invokeai-ti`, and say what it does."""
    parser.description = (
        "Train with the flags of InvokeAI's invokeai-ti, and write the same files. "
        'Where a flag differs from the original, its help says so after "Here:".'
    )
    for flag in INVOKEAI_FLAGS:
        add_flag(parser, flag)


def make_plan(given: dict[str, Any]) -> Plan:
    """Translate the flags that were given.

    Raises:
        SettingsError: A flag is missing, or asks for what cannot be done.
    """
    root = find_root(given.get("root_dir"))
    values = DEFAULTS | given
    _check_given(values)
    model = find_model_of(values["model"], root)
    notes = unused_flags(INVOKEAI_FLAGS, given)
    options = Options("diffusers", _translate(given, values, model, root), _SETTINGS)
    check(options)
    return Plan(options, notes, embeddings_folder(root))


def train(plan: Plan, control: Control, repository: str = "") -> Iterator[Event]:
    """Train, write the files of the original, and copy the result to embeddings/TRIGGER/.

    `repository` is where the results will be published, for the card.
    """
    yield from map(Warned, plan.notes)
    events: Any = diffusers.train(plan.options, control, repository)
    with closing(events):
        for event in events:
            if isinstance(event, Finished) and (installed := _install(plan)):
                yield Saved(event.step, "learned_embeds", str(installed))
                event = replace(event, path=str(installed))
            yield event


def word_of(text: str) -> str:
    """Write a trigger with the angle brackets that prompts need."""
    bare = strip_brackets(text)
    return f"<{bare}>" if bare else ""


def steps_for_epochs(*, epochs: int, pictures: int, repeats: int, pictures_per_step: int) -> int:
    """Count the updates of so many epochs; an epoch shows each picture `repeats` times."""
    return max(1, epochs * math.ceil(pictures * repeats / pictures_per_step))


def _check_given(values: dict[str, Any]) -> None:
    for name, example in (("placeholder_token", "<psychedelic>"), ("train_data_dir", "pictures")):
        if not values[name] or not values[name].strip():
            raise SettingsError(
                f"--{name} is missing; give it, such as --{name}='{example}', or open the form "
                "with --gui."
            )
    for name in ("num_train_epochs", "repeats"):
        if values[name] < 1:
            raise SettingsError(f"--{name} is {values[name]}; set it to 1 or more.")


def _translate(
    given: dict[str, Any], values: dict[str, Any], model: str, root: Path | None
) -> dict[str, Any]:
    """Return diffusers' flags."""
    shared = {name: value for name, value in given.items() if name not in _OWN}
    if "num_train_epochs" in given and "max_train_steps" not in given:
        shared["max_train_steps"] = _steps(values)
    return shared | {
        "pretrained_model_name_or_path": model,
        "output_dir": values["output_dir"] or str(base_folder(root) / "text-inversion-model"),
        "placeholder_token": word_of(values["placeholder_token"]),
        "initializer_token": values["initializer_token"],
        "scale_lr": values["scale_lr"],
        "no_safe_serialization": True,
        "num_validation_images": 1,
        "save_as_full_pipeline": not values["only_save_embeds"] and not Path(model).is_file(),
    }


def _steps(values: dict[str, Any]) -> int:
    from textual_inversion.images.folder import pictures_in

    folder = Path(values["train_data_dir"]).expanduser()
    return steps_for_epochs(
        epochs=values["num_train_epochs"],
        pictures=max(1, len(pictures_in(folder)) if folder.is_dir() else 0),
        repeats=values["repeats"],
        pictures_per_step=values["train_batch_size"] * values["gradient_accumulation_steps"],
    )


def _install(plan: Plan) -> Path | None:
    """Copy the vectors to embeddings/TRIGGER/learned_embeds.bin; None if there are none."""
    from textual_inversion.embeddings.formats.exports.export import export
    from textual_inversion.embeddings.formats.exports.extras import Extras
    from textual_inversion.embeddings.library import Library

    options = plan.options
    library = Library(options.output / "embeddings")
    if library.find(options.name) is None:
        return None
    style = options["learnable_property"] == "style"
    extras = Extras(concept_type="style" if style else "object", word=options.word)
    embedding = replace(library.load(options.name), name=options.name)
    return export(embedding, "invokeai", plan.embeddings, extras=extras, force=True)[0]
