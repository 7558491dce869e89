"""The commands of `ti`, a module each or a module for a few that belong together.

A module has `add_arguments(parser, command)` and `run(args) -> int`, the exit code; it is imported
when its command is called. `args.command` names the command.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from commandline.parser import Parser


class CommandModule(Protocol):
    """What a module of this package offers."""

    def add_arguments(self, parser: argparse.ArgumentParser, command: str) -> None:
        """Add the flags of a command."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Run the command and return its exit code.

        Raises:
            TextualInversionError: It failed; the error is one sentence for the user.
        """
        ...


@dataclass(frozen=True)
class Command:
    """A command: the module that runs it, and its line in `ti --help`."""

    module: str
    help: str

    def load(self) -> CommandModule:
        """Import the module."""
        return cast("CommandModule", import_module(f"{__name__}.{self.module}"))


COMMANDS = {
    "create": Command(
        "embeddings.create", "Create an embedding: a name, a start, a number of vectors."
    ),
    "preprocess": Command("datasets.preprocess", "Prepare a folder of pictures for training."),
    "check": Command(
        "datasets.check", "Say what is wrong with a folder of pictures before training."
    ),
    "suggest-words": Command(
        "generation.suggest_words", "Rank words for the initialization text on your pictures."
    ),
    "train": Command("training.train", "Train an embedding on a folder of pictures."),
    "sweep": Command(
        "training.sweep", "Train under every combination of some settings, many in one batch."
    ),
    "batch": Command(
        "training.sweep", "Train an embedding for each line of a table, many in one batch."
    ),
    "presets": Command("training.presets", "List the presets of ti train, and keep your own."),
    "generate": Command(
        "generation.generate", "Generate pictures with the embeddings of a prompt."
    ),
    "grid": Command("generation.grid", "Compare snapshots, prompts, seeds or settings in a grid."),
    "evaluate": Command(
        "generation.evaluate", "Measure likeness, obedience and diversity of snapshots."
    ),
    "status": Command("training.runs", "List the runs with their states, and the queue."),
    "stop": Command("training.runs", "Stop a training after its step and save it."),
    "save": Command("training.runs", "Save a training as it stands."),
    "sample": Command("training.runs", "Draw the previews of a training as it stands."),
    "compare": Command("training.past", "Show runs and their settings side by side."),
    "report": Command("training.past", "Write a report on runs as one HTML file."),
    "zip": Command("training.past", "Pack a run into one zip."),
    "delete-run": Command("training.past", "Move runs to a folder from which they can come back."),
    "undelete-run": Command("training.past", "Put back what ti delete-run took away."),
    "list": Command("embeddings.list", "List the embeddings in embeddings/."),
    "import": Command("embeddings.library", "Copy embedding files of any format into embeddings/."),
    "rename": Command(
        "embeddings.library", "Rename an embedding of embeddings/, inside its file too."
    ),
    "duplicate": Command(
        "embeddings.library", "Copy an embedding of embeddings/ under another name."
    ),
    "delete": Command(
        "embeddings.library", "Move embeddings to a folder from which they can come back."
    ),
    "undelete": Command("embeddings.library", "Put back what ti delete took away."),
    "inspect": Command(
        "embeddings.inspect", "Describe an embedding file, and which programs load it."
    ),
    "export": Command("embeddings.files", "Write an embedding in the format of another program."),
    "convert": Command(
        "embeddings.files", "Write embedding files of any program in another format."
    ),
    "workshop": Command(
        "embeddings.workshop", "Make an embedding from others, or calculate with words."
    ),
    "prune": Command(
        "embeddings.workshop", "Drop the vectors that the loss on pictures misses the least."
    ),
    "models": Command("machine.models", "List the base models that are here, and download others."),
    "fetch": Command("hub.fetch", "Download embeddings of the Hugging Face Hub."),
    "publish": Command("hub.publish", "Upload an embedding to the Hugging Face Hub."),
    "captioners": Command("datasets.captioners", "List the captioners, and what they need."),
    "doctor": Command("machine.doctor", "Say what this machine can do."),
    "completion": Command("machine.completion", "Print a completion script for bash, zsh or fish."),
    "diffusers": Command("training.diffusers", "Train with the flags of textual_inversion.py."),
    "diffusers-sdxl": Command(
        "training.diffusers", "Train with the flags of textual_inversion_sdxl.py."
    ),
    "invokeai": Command(
        "training.invokeai", "Train with the flags of invokeai-ti; --gui opens its form."
    ),
    "console": Command(
        "training.console", "Open the training form in the terminal, or follow a run."
    ),
    "ui": Command("machine.ui", "Open the page, as `python app.py` does."),
}


def make_parser(commands: Collection[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Build the parser of all commands; only those in `commands` get their flags."""
    parser = Parser(
        prog="ti", description="Train textual inversion embeddings for Stable Diffusion."
    )
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        added = parsers.add_parser(
            name, help=command.help, description=command.help, add_help=name != "ui"
        )
        if name in commands:
            command.load().add_arguments(added, name)
    return parser
