"""`ti presets`: list presets with what they set, print one as a file, keep or delete one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from commandline.tables import add_json_flag, print_json, print_table
from textual_inversion.errors import SettingsError
from textual_inversion.settings import SCHEMA_VERSION


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the name and what to do with it."""
    del command
    parser.add_argument(
        "name", nargs="?", default="", metavar="NAME", help="Print this preset as a settings file."
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="Keep the settings of a JSON file, such as a run folder's settings.json, as preset "
        "NAME of your own, in the folder presets/.",
    )
    doing.add_argument("--delete", action="store_true", help="Delete preset NAME of your own.")
    add_json_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    if (args.source or args.delete) and not args.name:
        raise SettingsError("--from and --delete need the NAME of a preset.")
    if args.source:
        return _keep(args.name, args.source)
    if args.delete:
        return _delete(args.name)
    return _print_file(args.name) if args.name else _list(as_json=args.json)


def _list(*, as_json: bool) -> int:
    from textual_inversion.settings.presets.checked import listed

    presets = listed()
    if as_json:
        print_json({name: preset.values for name, preset in presets.items()})
        return 0
    rows = [
        (name, preset.title, ", ".join(_flag(*item) for item in preset.values.items()))
        for name, preset in presets.items()
    ]
    width = max(len(name) for name in presets)
    plain = [f"{name:{width}}  {title}: {sets}" for name, title, sets in rows]
    print_table(("PRESET", "FOR", "SETS"), rows, plain=plain)
    return 0


def _print_file(name: str) -> int:
    from textual_inversion.settings.presets.kept import find_preset

    print_json({"schema_version": SCHEMA_VERSION, **find_preset(name)})
    return 0


def _keep(name: str, source: Path) -> int:
    from textual_inversion.settings.presets.checked import save_preset
    from textual_inversion.settings.presets.kept import read_file

    path = save_preset(name, read_file(source), str(source))
    print(f"Kept as {path}; train with --preset {path.stem}.")
    return 0


def _delete(name: str) -> int:
    from textual_inversion.settings.presets.kept import delete_preset

    delete_preset(name)
    print(f"Deleted the preset {name}.")
    return 0


def _flag(path: str, value: Any) -> str:
    shown = {True: "on", False: "off", "": "empty"}.get(value, value) if _is_word(value) else value
    return f"{path.replace('_', '-')} {shown}"


def _is_word(value: Any) -> bool:
    return isinstance(value, bool | str)
