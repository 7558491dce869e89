"""`ti console`: the training form in the terminal, and the screen of a run."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the run to follow, and where runs are."""
    del command
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="Follow this run instead: an embedding or a run folder, whoever trains it.",
    )
    parser.add_argument(
        "--root",
        dest="root_dir",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="InvokeAI's root folder. (default: $INVOKEAI_ROOT, else this program's own folders)",
    )
    parser.add_argument(
        "--log-dir", default="runs", metavar="TEXT", help="Where run folders are. (default: runs)"
    )


def run(args: argparse.Namespace) -> int:
    """Open the form or the run and return the exit code."""
    from commandline.console import follow_run, open_form

    given = {"root_dir": args.root_dir} if "root_dir" in args else {}
    if args.run:
        return follow_run(args.run, args.log_dir, given)
    return open_form(given, log_dir=args.log_dir)
