"""`ti status | stop | save | sample`: list the runs, and leave requests in their folders.

Runs are found by their folders, whichever process trains there, the page's included.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from commandline.tables import add_json_flag, aligned, print_table
from textual_inversion.errors import TextualInversionError, TrainingError
from textual_inversion.jobs.queue import Queue, Ticket
from textual_inversion.runs.folder import is_running, running_folders
from textual_inversion.runs.history import Row, RunHistory
from textual_inversion.runs.requests import Request, leave_request
from textual_inversion.runs.wording import duration
from textual_inversion.storage.paths import find_folder

_SHOWN = 20
_TITLES = ("RUN", "STATE", "STEP", "LOSS", "BEST", "LEFT", "FOLDER")
_ABOUT = {
    "status": "List the runs with their states, and the trainings waiting in the queue.",
    "stop": "Stop a training after its step and save it, or take a waiting one out of the queue.",
    "save": "Save a training as it stands: the embedding, a snapshot and a checkpoint.",
}
_DONE: dict[Request, str] = {
    "stop": "is asked to stop; it saves after its step",
    "save": "is asked to save after its step",
    "sample": "is asked to draw its previews after its step",
}


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags of the list, or of a request."""
    parser.description = _ABOUT.get(command, parser.description)
    if command == "status":
        add_json_flag(parser)
        parser.add_argument(
            "--all", action="store_true", help=f"Not only the newest {_SHOWN} runs."
        )
    else:
        parser.add_argument(
            "run",
            nargs="?",
            metavar="RUN",
            help="The embedding or the run folder; not needed when only one training runs.",
        )
    text = "Where run folders are. (default: runs)"
    parser.add_argument("--log-dir", default="runs", metavar="TEXT", help=text)


def run(args: argparse.Namespace) -> int:
    """Run one of the commands; return its exit code."""
    log_dir = find_folder(args.log_dir)
    if args.command == "status":
        rows = RunHistory(log_dir).rows(None if args.all else _SHOWN)
        if args.json:
            print(_as_json(rows))
        else:
            _print_status(rows, log_dir)
        return 0
    print(_request(args.command, args.run, log_dir))
    return 0


def _request(request: Request, name: str | None, log_dir: Path) -> str:
    try:
        folder = _find(name, log_dir)
    except TextualInversionError:
        if request == "stop" and name and (removed := _remove_waiting(name)):
            return f"Removed from the queue: {name} ({removed} waiting)."
        raise
    leave_request(folder, request)
    return f"{folder} {_DONE[request]}."


def _find(name: str | None, log_dir: Path) -> Path:
    """Find the running training of that name or folder, or the only one.

    Raises:
        TrainingError: There is none, or more than one.
    """
    running = running_folders(log_dir)
    if name is not None:
        named = Path(name)
        if is_running(named):
            return named
        running = [row.folder for row in RunHistory(log_dir).rows() if _is_named(row, name)]
    if len(running) == 1:
        return running[0]
    if running:
        listed = ", ".join(str(folder) for folder in running)
        raise TrainingError(f"Several trainings run; name the folder of one of them: {listed}.")
    which = f'training of "{name}" runs' if name else "training runs"
    raise TrainingError(f"No {which} in {log_dir} (one that still loads has no folder yet).")


def _is_named(row: Row, name: str) -> bool:
    return row.state == "running" and name in {row.name, row.folder.name}


def _remove_waiting(name: str) -> int:
    queue = Queue()
    tickets = [ticket for ticket in queue.waiting() if ticket.name == name]
    for ticket in tickets:
        queue.remove(ticket.id)
    return len(tickets)


def _as_json(rows: list[Row]) -> str:
    runs = [{**asdict(row), "folder": str(row.folder)} for row in rows]
    waiting = [
        {"name": ticket.name, "state": ticket.state, "message": ticket.problem}
        for ticket in Queue().unworked()
    ]
    return json.dumps({"time": round(time.time()), "runs": runs, "queue": waiting}, indent=2)


def _print_status(rows: list[Row], log_dir: Path) -> None:
    queue = Queue()
    tickets = queue.unworked()
    if not rows and not tickets:
        print(f"No runs in {log_dir} yet; train one with: ti train NAME")
    if rows:
        cells = [*map(_cells, rows)]
        print_table(_TITLES, cells, plain=aligned([_TITLES, *cells]))
    if tickets:
        waiting = [*enumerate(tickets, start=1)]
        cells = [(str(number), one.name, one.state, one.problem) for number, one in waiting]
        plain = [_waiting_line(number, ticket) for number, ticket in waiting]
        print_table(("QUEUE", "EMBEDDING", "STATE", "REASON"), cells, plain=plain)
        if not queue.is_worked:
            print("No process works the queue off; start with: ti train --queue")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.state,
        f"{row.step}/{row.total}",
        "-" if row.loss is None else f"{row.loss:.4f}",
        "-" if row.best is None else f"{row.best:.4f} @ {row.best_step}",
        "-" if row.seconds_left is None else duration(row.seconds_left),
        str(row.folder),
    )


def _waiting_line(number: int, ticket: Ticket) -> str:
    why = f": {ticket.problem}" if ticket.problem else ""
    return f"queue {number}: {ticket.name} {ticket.state}{why}"
