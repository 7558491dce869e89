"""`ti ui`: open the page, with the flags of app.py."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add none: app.py reads its own flags."""
    del parser, command


def run(args: argparse.Namespace) -> int:
    """Open the page without flags."""
    del args
    return open_page([])


def open_page(arguments: list[str]) -> int:
    """Run app.py with its flags until it is closed."""
    import runpy

    root = Path(__file__).resolve().parents[3]
    places = (root / "app.py", root / "textual_inversion" / "_project" / "app.py")
    app = next(path for path in places if path.is_file())
    sys.argv = [str(app), *arguments]
    runpy.run_path(str(app), run_name="__main__")
    return 0
