"""`ti compare | report | zip | delete-run | undelete-run`: runs looked at again, and put away."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from commandline.tables import add_json_flag, aligned, print_json, print_table
from textual_inversion.errors import SettingsError, printable
from textual_inversion.storage.paths import find_folder

_RUN = "An embedding, of whose runs the newest counts; or DAY/NAME or a folder, as in ti status."
_ABOUT = {
    "compare": "Show what came of runs, and the settings in which they differ, side by side.",
    "report": "Write a report on runs, their curves, settings and previews, as one HTML file.",
    "zip": "Pack all that a run has left into one zip.",
    "delete-run": "Move runs to .trash in the log directory; their embeddings stay.",
    "undelete-run": "Put back what ti delete-run took away.",
}


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the arguments of a command."""
    parser.description = _ABOUT[command]
    match command:
        case "compare" | "report" | "delete-run":
            parser.add_argument("run", nargs="+", metavar="RUN", help=_RUN)
        case "zip":
            parser.add_argument("run", metavar="RUN", help=_RUN)
        case _:
            about = "Which run; DAY/NAME or NAME. (default: the last)"
            parser.add_argument("run", nargs="?", default="", metavar="RUN", help=about)
            parser.add_argument("--list", action="store_true", help="Only list what can come back.")
    if command in {"report", "zip"}:
        what = "DAY-NAME.html" if command == "report" else "DAY-NAME.zip"
        about = f"The file to write. (default: {what} here)"
        parser.add_argument("--output", type=Path, metavar="FILE", help=about)
        parser.add_argument("--force", action="store_true", help="Overwrite a file that is there.")
    if command in {"compare", "undelete-run"}:
        add_json_flag(parser)
    text = "Where run folders are. (default: runs)"
    parser.add_argument("--log-dir", default="runs", metavar="TEXT", help=text)


def run(args: argparse.Namespace) -> int:
    """Run one of the commands; return its exit code."""
    log_dir = find_folder(args.log_dir)
    match args.command:
        case "compare":
            _compare(log_dir, args.run, as_json=args.json)
        case "report":
            _report(log_dir, args.run, args.output, force=args.force)
        case "zip":
            _zip(log_dir, args.run, args.output, force=args.force)
        case "delete-run":
            _delete(log_dir, args.run)
        case _:
            _undelete(log_dir, args)
    return 0


def _compare(log_dir: Path, names: Sequence[str], *, as_json: bool) -> None:
    from textual_inversion.runs.past.comparison import fact_rows, setting_rows
    from textual_inversion.runs.past.finding import find_run, read_past

    runs = [read_past(find_run(log_dir, name)) for name in names]
    facts, settings = fact_rows(runs), setting_rows(runs)
    if as_json:
        keys = [past.key for past in runs]
        print_json({"runs": keys, "facts": dict(facts), "settings": dict(settings)})
        return
    titles = ("", *(past.key for past in runs))
    cells = [(term, *values) for term, values in [*facts, *settings]]
    print_table(titles, cells, plain=aligned([titles, *cells]))
    if not settings and len(runs) > 1:
        print("They have the same settings.")


def _report(log_dir: Path, names: Sequence[str], output: Path | None, *, force: bool) -> None:
    from textual_inversion.runs.past.finding import find_run, read_past
    from textual_inversion.runs.past.packing import file_name
    from textual_inversion.runs.past.report import report_html
    from textual_inversion.storage.atomic import write_whole

    runs = [read_past(find_run(log_dir, name)) for name in names]
    target = _checked(output or Path(file_name(runs[0].folder, ".html")), force=force)
    write_whole(target, report_html(runs).encode())
    print(printable(f"Written: {target}"))


def _zip(log_dir: Path, name: str, output: Path | None, *, force: bool) -> None:
    from textual_inversion.runs.past.finding import find_run
    from textual_inversion.runs.past.packing import file_name, pack_run

    folder = find_run(log_dir, name)
    target = _checked(output or Path(file_name(folder, ".zip")), force=force)
    print(printable(f"Written: {pack_run(folder, target)}"))


def _checked(target: Path, *, force: bool) -> Path:
    if target.exists() and not force:
        raise SettingsError(f"{target} exists already; choose another --output, or add --force.")
    return target


def _delete(log_dir: Path, names: Sequence[str]) -> None:
    from textual_inversion.runs.folder import run_key
    from textual_inversion.runs.past.finding import find_run
    from textual_inversion.runs.past.removing import delete_run

    for name in names:
        folder = find_run(log_dir, name)
        delete_run(log_dir, folder)
        key = run_key(folder)
        print(printable(f"Deleted {key}; it comes back with: ti undelete-run {key}"))


def _undelete(log_dir: Path, args: argparse.Namespace) -> None:
    from textual_inversion.runs.past.removing import deleted_runs, undelete_run

    if args.json:
        print_json([asdict(deleted) for deleted in deleted_runs(log_dir)])
    elif args.list:
        for deleted in deleted_runs(log_dir):
            print(printable(f"{deleted.when}  {deleted.place}/{deleted.name}"))
    else:
        print(printable(f"Put back: {undelete_run(log_dir, args.run)}"))
