"""The entry of `ti`: which command is called, and what an error becomes.

Only the called command's module is imported, so that `ti --help` stays light. Exit codes: 0
finished, 1 failed with one sentence on stderr, 2 bad usage, 75 stopped by SIGTERM or SIGUSR1 (the
same command goes on), 130 stopped otherwise (what was learned is saved), 141 the pipe of the output
was closed (`| head`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from commandline.broken_pipe import run_until_unread
from commandline.commands import COMMANDS, make_parser
from commandline.interrupts import INTERRUPTED
from textual_inversion.errors import SettingsError, TextualInversionError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return run_until_unread(lambda: _run(arguments))


def invokeai_ti() -> int:
    """Run `ti invokeai` under the original's name."""
    return main(["invokeai", *sys.argv[1:]])


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["ui"]:  # app.py reads its own flags
        from commandline.commands.machine.ui import open_page

        return open_page(arguments[1:])
    args = make_parser(arguments[:1]).parse_args(arguments)
    try:
        return COMMANDS[args.command].load().run(args)
    except SettingsError as error:
        print(f"ti: {error}", file=sys.stderr)
        return 2
    except TextualInversionError as error:
        print(f"ti: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ti: interrupted.", file=sys.stderr)
        return INTERRUPTED
