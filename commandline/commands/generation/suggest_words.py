"""`ti suggest-words`: words for the initialization text, ranked on the user's own pictures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from commandline.flags import add_events_flag, add_flags, read_settings
from commandline.job import follow, interruptible
from commandline.tables import aligned, print_table
from textual_inversion.events import Event, Finished
from textual_inversion.settings import SuggestSettings

if TYPE_CHECKING:
    from textual_inversion.evaluation.suggest import Suggestion

_TITLES = ("WORD", "LOSS", "BELOW NO WORD")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, SuggestSettings)
    add_events_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Rank the words, print the best, and return the exit code."""
    settings, control = read_settings(args, SuggestSettings), interruptible()
    from textual_inversion.evaluation.suggest import suggest_words

    found: list[Suggestion] = []
    as_json = args.events == "json"
    events = _collecting(suggest_words(settings, control), found)
    code = follow(events, kind="suggest", as_json=as_json)
    if as_json:
        for one in found:
            print(json.dumps({"event": "suggested", **asdict(one)}), flush=True)
    elif found:
        cells = [(one.word, f"{one.loss:.5f}", f"{one.gain:.2%}") for one in found]
        print_table(_TITLES, cells, plain=aligned([_TITLES, *cells]))
        print(f'Begin with: ti create NAME --initialization-text "{found[0].word}"')
    return code


def _collecting(
    events: Generator[Event, None, list[Suggestion]], found: list[Suggestion]
) -> Iterator[Event]:
    found += yield from events
    yield Finished(len(found), "finished" if found else "stopped")
