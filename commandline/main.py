"""The command line: `ti create | preprocess | check | train | generate | status | export | ui` ...

Flags are rendered from the knobs; what a command needs is imported when it runs, so that
`ti --help` stays light. Exit codes: 0 finished, 1 failed with one sentence on stderr, 2 bad usage,
130 stopped (what was learned is saved), 141 the pipe of the output was closed (`| head`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from commandline import captioners, files, inspect, runs
from commandline.broken_pipe import run_until_unread
from commandline.compat import diffusers
from commandline.interrupts import INTERRUPTED, on_interrupt
from commandline.terminal import Printer
from textual_inversion.errors import SettingsError, TextualInversionError
from textual_inversion.events import Event, Finished, to_dict
from textual_inversion.runs.requests import Control
from textual_inversion.settings import (
    CheckCommandSettings,
    CreateSettings,
    GenerateSettings,
    PreprocessSettings,
    Settings,
    TrainSettings,
    read_settings_file,
)
from textual_inversion.settings.knobs import Knob, walk

COMMANDS: dict[str, type[Settings]] = {
    "create": CreateSettings,
    "preprocess": PreprocessSettings,
    "check": CheckCommandSettings,
    "train": TrainSettings,
    "generate": GenerateSettings,
}
_NOT_SETTINGS = {"command", "settings_file", "events", "queue"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return run_until_unread(lambda: _command(arguments))


def _command(arguments: list[str]) -> int:
    if arguments[:1] == ["ui"]:
        return _ui(arguments[1:])
    args = make_parser().parse_args(arguments)
    try:
        if args.command in runs.COMMANDS:
            return runs.run(args)
        if args.command == "captioners":
            return captioners.run(args)
        if args.command == "inspect":
            return inspect.run(args)
        return files.run(args) if args.command in files.COMMANDS else _run(args)
    except SettingsError as error:
        print(f"ti: {error}", file=sys.stderr)
        return 2
    except TextualInversionError as error:
        print(f"ti: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ti: interrupted.", file=sys.stderr)
        return INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands from the settings' knobs."""
    parser = argparse.ArgumentParser(
        prog="ti", description="Train textual inversion embeddings for Stable Diffusion."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, model in COMMANDS.items():
        about = " ".join((model.__doc__ or "").split())
        command = commands.add_parser(name, help=about, description=about)
        for knob in walk(model):
            _add_knob(command, knob)
        command.add_argument(
            "--settings",
            dest="settings_file",
            type=Path,
            metavar="FILE",
            help="Take settings from a JSON file, such as a run folder's settings.json; "
            "flags come before it.",
        )
        if model not in {CreateSettings, CheckCommandSettings}:
            command.add_argument(
                "--events",
                choices=["text", "json"],
                default="text",
                help="Print progress as text, or as one JSON event a line. (default: text)",
            )
        if model is TrainSettings:
            command.add_argument(
                "--queue",
                action="store_true",
                help="Put the training into the queue and train what waits there, after the one "
                "that is running; with nothing else given, train what waits.",
            )
    runs.add_commands(commands)
    captioners.add_command(commands)
    files.add_commands(commands)
    inspect.add_command(commands)
    diffusers.add_commands(commands)
    commands.add_parser("ui", help="Open the page, as `python app.py` does.", add_help=False)
    return parser


def _add_knob(parser: argparse.ArgumentParser, knob: Knob) -> None:
    """Add one flag, without a default of its own: a settings file comes behind it."""
    text = knob.help.replace("%", "%%")
    if not knob.required:
        default = {"": "empty", (): "none"}.get(knob.default, knob.default)
        text += f" (default: {default})"
    options: dict[str, Any] = {"help": text, "default": argparse.SUPPRESS}
    if knob.positional:
        # Optional here, because a settings file may name it; pydantic asks for what is missing.
        parser.add_argument(knob.path, nargs="?", metavar=knob.path.upper(), **options)
    elif knob.kind == "bool":
        parser.add_argument(
            knob.flag, dest=knob.path, action=argparse.BooleanOptionalAction, **options
        )
    elif knob.kind == "choice":
        parser.add_argument(knob.flag, dest=knob.path, choices=list(knob.choices), **options)
    else:
        names = {"int": "N", "float": "X", "multi": ",".join(knob.choices)}
        metavar = names.get(knob.kind, "TEXT")
        parser.add_argument(knob.flag, dest=knob.path, metavar=metavar, **options)


def read_settings(args: argparse.Namespace) -> Settings:
    """Merge a settings file and the flags into the command's settings."""
    given = {key: value for key, value in vars(args).items() if key not in _NOT_SETTINGS}
    stored = read_settings_file(args.settings_file) if args.settings_file else {}
    return COMMANDS[args.command].build(stored, given)


def _run(args: argparse.Namespace) -> int:
    if args.command in diffusers.COMMANDS:
        return _diffusers(args)
    if getattr(args, "queue", False):
        return _queue(args)
    settings = read_settings(args)
    if isinstance(settings, CreateSettings):
        from textual_inversion.embeddings.create import create_and_describe

        print(create_and_describe(settings))
        return 0
    control = Control()
    _stop_on_interrupt(control)
    if isinstance(settings, CheckCommandSettings):
        from commandline.check import check

        return check(settings, control)
    return _follow(_events(settings, control), kind=args.command, as_json=args.events == "json")


def _diffusers(args: argparse.Namespace) -> int:
    options, control = diffusers.read_options(args), Control()
    _stop_on_interrupt(control)
    return _follow(diffusers.train(options, control), kind="train", as_json=False)


def _queue(args: argparse.Namespace) -> int:
    from commandline.queue import work_queue

    has_settings = args.settings_file or not _NOT_SETTINGS.issuperset(vars(args))
    settings = read_settings(args) if has_settings else None
    assert settings is None or isinstance(settings, TrainSettings)
    interrupt = Control()
    _stop_on_interrupt(interrupt)
    return work_queue(
        settings,
        lambda queued, control: _follow(
            _events(queued, control), kind="train", as_json=args.events == "json"
        ),
        interrupt,
    )


def _events(settings: Settings, control: Control) -> Iterator[Event]:
    match settings:
        case TrainSettings():
            from textual_inversion.training.run import train

            return train(settings, control)
        case GenerateSettings():
            from textual_inversion.generation.generate import generate

            return generate(settings, control)
        case PreprocessSettings():
            # The core calls sideways only here: `ti` is the whole product's command line.
            from preprocessing import preprocess
            from textual_inversion.models.catalog import native_size

            size = native_size(settings.model) if 0 in {settings.width, settings.height} else 0
            return preprocess(settings, size=size, stop=control.stop)
        case _:
            raise AssertionError(settings)


def _follow(events: Iterator[Event], *, kind: str, as_json: bool) -> int:
    code = 0
    # Closing the generator is what makes a run save when printing fails.
    with Printer(kind=kind) as printer, closing(events):  # pyright: ignore[reportArgumentType]
        for event in events:
            if as_json:
                print(json.dumps(to_dict(event)), flush=True)
            else:
                printer.show(event)
            if isinstance(event, Finished) and event.reason == "stopped":
                code = 130
    return code


def _stop_on_interrupt(control: Control) -> None:
    """The first Ctrl+C or SIGTERM stops the job after its step; a second one ends it at once."""

    def ask() -> None:
        print("Stopping after this step, then saving ...", file=sys.stderr)
        control.stop.set()

    on_interrupt(ask)


def _ui(arguments: list[str]) -> int:
    import runpy

    root = Path(__file__).resolve().parents[1]
    places = (root / "app.py", root / "textual_inversion" / "_project" / "app.py")
    app = next(path for path in places if path.is_file())
    sys.argv = [str(app), *arguments]
    runpy.run_path(str(app), run_name="__main__")
    return 0
