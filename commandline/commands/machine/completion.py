"""`ti completion`: a script that completes the commands and flags in a shell."""

from __future__ import annotations

import argparse

from commandline.commands import make_parser

SHELLS = ("bash", "zsh", "fish")
_ABOUT = (
    "Print a completion script: for bash into ~/.local/share/bash-completion/completions/ti, for "
    "zsh into a file _ti in a folder of $fpath, for fish into ~/.config/fish/completions/ti.fish."
)


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the shell."""
    del command
    parser.description = _ABOUT
    parser.add_argument("shell", choices=SHELLS)


def run(args: argparse.Namespace) -> int:
    """Print the script; return the exit code."""
    import shtab

    print(shtab.complete(make_parser(), shell=args.shell))
    return 0
