"""`ti captioners`: which captioners are ready, what the others need, and LAVIS's environment."""

from __future__ import annotations

import argparse

from commandline.tables import add_json_flag, print_json, print_table

_INSTALL = "Make the environment in which LAVIS runs; pip downloads about 3 GB into models/lavis."
_PYTHON = "The Python to make it with, 3.9 to 3.11. (default: this one if it fits, else found)"


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the action that makes LAVIS's environment."""
    del command
    add_json_flag(parser)
    actions = parser.add_subparsers(dest="action", metavar="install")
    install = actions.add_parser("install", help=_INSTALL, description=_INSTALL)
    install.add_argument("captioner", choices=["lavis"])
    install.add_argument("--python", default="", metavar="PATH", help=_PYTHON)


def run(args: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    # Imported here, so that `ti --help` stays light.
    from preprocessing.captioners.availability import list_captioners
    from preprocessing.captioners.lavis_environment import install

    if args.action == "install":
        for line in install(args.python):
            print(line, flush=True)
        return 0
    rows = list(list_captioners())
    if args.json:
        print_json([{"name": name, "state": state} for name, state in rows])
        return 0
    plain = [f"{name:13} {words}" for name, words in rows]
    print_table(("CAPTIONER", "STATE"), rows, plain=plain)
    return 0
