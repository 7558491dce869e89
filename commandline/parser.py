"""argparse's parser, which also says which flag or command was probably meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import NoReturn

_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)", re.DOTALL)
_UNKNOWN = re.compile(r"unrecognized arguments: (.*)", re.DOTALL)


class Parser(argparse.ArgumentParser):
    """A parser whose errors name the spelling that comes next."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error with its hint, and leave with exit code 2."""
        super().error(message + _hint(message, self))


def _hint(message: str, parser: argparse.ArgumentParser) -> str:
    if match := _CHOICE.search(message):
        known = [name.strip(" '\"") for name in match[2].split(",")]
        return _meant([match[1]], known)
    if match := _UNKNOWN.search(message):
        wrong = [word.partition("=")[0] for word in match[1].split() if word.startswith("-")]
        return _meant(wrong, _flags(parser))
    return ""


def _meant(wrong: Iterable[str], known: Iterable[str]) -> str:
    known = list(known)
    near = [match for word in wrong for match in get_close_matches(word, known, n=1)]
    return f"; did you mean {' and '.join(near)}?" if near else ""


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    """List the flags of a parser and of its commands."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _flags(command)
