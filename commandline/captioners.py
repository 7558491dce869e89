"""`ti captioners`: which captioners are ready, what the others need, and LAVIS's environment."""

from __future__ import annotations

import argparse
from typing import Any

_ABOUT = "List the captioners of `ti preprocess`: which are ready, and what the others need."
_INSTALL = "Make the environment in which LAVIS runs; pip downloads about 3 GB into models/lavis."
_PYTHON = "The Python to make it with, 3.9 to 3.11. (default: this one if it fits, else found)"


def add_command(commands: Any) -> None:
    """Add the command to `ti`'s subparsers."""
    parser = commands.add_parser("captioners", help=_ABOUT, description=_ABOUT)
    actions = parser.add_subparsers(dest="action", metavar="install")
    install = actions.add_parser("install", help=_INSTALL, description=_INSTALL)
    install.add_argument("captioner", choices=["lavis"])
    install.add_argument("--python", default="", metavar="PATH", help=_PYTHON)


def run(args: argparse.Namespace) -> int:
    """Run the command and give its exit code."""
    # The core calls sideways only here, as `ti preprocess` does.
    from preprocessing.captioners.availability import list_captioners
    from preprocessing.captioners.lavis_environment import install

    for line in install(args.python) if args.action == "install" else list_captioners():
        print(line, flush=True)
    return 0
