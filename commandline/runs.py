"""`ti status | stop | save | sample`: look at this machine's trainings, and ask them for things.

They find runs by their folders, whichever process works there, the page's included.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from textual_inversion.errors import TextualInversionError, TrainingError
from textual_inversion.jobs.queue import Queue
from textual_inversion.runs.folder import is_running, running_folders
from textual_inversion.runs.history import Row, RunHistory
from textual_inversion.runs.requests import REQUESTS, Request, leave_request
from textual_inversion.runs.wording import duration
from textual_inversion.storage.paths import find_folder

COMMANDS = ("status", *REQUESTS)
_SHOWN = 20
_ABOUT: dict[Request, str] = {
    "stop": "End a training after its step and save it, or take a waiting one out of the queue.",
    "save": "Save a training as it stands: the embedding, a snapshot and a checkpoint.",
    "sample": "Draw the previews of a training as it stands.",
}
_DONE: dict[Request, str] = {
    "stop": "is asked to stop; it saves after its step",
    "save": "is asked to save after its step",
    "sample": "is asked to draw its previews after its step",
}


def add_commands(commands: Any) -> None:
    """Add the commands to `ti`'s subparsers."""
    text = "List the trainings: running, over, and waiting in the queue."
    status = commands.add_parser("status", help=text, description=text)
    status.add_argument("--json", action="store_true", help="Print one JSON object for scripts.")
    status.add_argument("--all", action="store_true", help=f"Not only the newest {_SHOWN} runs.")
    _add_log_dir(status)
    for request in REQUESTS:
        command = commands.add_parser(request, help=_ABOUT[request], description=_ABOUT[request])
        command.add_argument(
            "run",
            nargs="?",
            metavar="RUN",
            help="The embedding or the run folder; not needed when only one training runs.",
        )
        _add_log_dir(command)


def _add_log_dir(command: argparse.ArgumentParser) -> None:
    text = "Where run folders are. (default: runs)"
    command.add_argument("--log-dir", default="runs", metavar="TEXT", help=text)


def run(args: argparse.Namespace) -> int:
    """Run one of the commands and give its exit code."""
    log_dir = find_folder(args.log_dir)
    if args.command == "status":
        rows = RunHistory(log_dir).rows(None if args.all else _SHOWN)
        lines = [_as_json(rows)] if args.json else _as_text(rows, log_dir)
        print("\n".join(lines))
        return 0
    print(_ask(args.command, args.run, log_dir))
    return 0


def _ask(request: Request, wanted: str | None, log_dir: Path) -> str:
    try:
        folder = _find(wanted, log_dir)
    except TextualInversionError:
        if request == "stop" and wanted and (removed := _remove_waiting(wanted)):
            return f"{wanted} waits no more; {removed} taken out of the queue."
        raise
    leave_request(folder, request)
    return f"{folder} {_DONE[request]}."


def _find(wanted: str | None, log_dir: Path) -> Path:
    """Find the one running training that is meant.

    Raises:
        TrainingError: There is none, or more than one.
    """
    running = running_folders(log_dir)
    if wanted is not None:
        named = Path(wanted)
        if is_running(named):
            return named
        running = [row.folder for row in RunHistory(log_dir).rows() if _is_meant(row, wanted)]
    if len(running) == 1:
        return running[0]
    if running:
        listed = ", ".join(str(folder) for folder in running)
        raise TrainingError(f"Several trainings run; name the folder of one of them: {listed}.")
    which = f'training of "{wanted}" runs' if wanted else "training runs"
    raise TrainingError(f"No {which} in {log_dir} (what still loads has no folder yet).")


def _is_meant(row: Row, wanted: str) -> bool:
    return row.state == "running" and wanted in {row.name, row.folder.name}


def _remove_waiting(name: str) -> int:
    queue = Queue()
    meant = [ticket for ticket in queue.waiting() if ticket.name == name]
    for ticket in meant:
        queue.remove(ticket.id)
    return len(meant)


def _as_json(rows: list[Row]) -> str:
    runs = [{**asdict(row), "folder": str(row.folder)} for row in rows]
    waiting = [
        {"name": ticket.name, "state": ticket.state, "message": ticket.problem}
        for ticket in Queue().tickets()
        if ticket.state != "working"
    ]
    return json.dumps({"time": round(time.time()), "runs": runs, "queue": waiting}, indent=2)


def _as_text(rows: list[Row], log_dir: Path) -> list[str]:
    waiting = list(_waiting())
    if not rows and not waiting:
        return [f"No runs in {log_dir} yet; train one with: ti train NAME"]
    cells = [("RUN", "STATE", "STEP", "LOSS", "BEST", "LEFT", "FOLDER"), *map(_cells, rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]) - 1)]
    table = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]])
        for row in cells
    ]
    return [*(table if rows else []), *waiting]


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


def _waiting() -> Iterator[str]:
    queue = Queue()
    tickets = [ticket for ticket in queue.tickets() if ticket.state != "working"]
    for number, ticket in enumerate(tickets, start=1):
        why = f": {ticket.problem}" if ticket.problem else ""
        yield f"queue {number}: {ticket.name} {ticket.state}{why}"
    if tickets and not queue.is_worked:
        yield "Nobody works the queue; start with: ti train --queue"
