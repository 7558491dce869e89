"""The list of runs, to look at one: the page's, another terminal's, or an earlier one."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from commandline.console.follow import list_runs
from textual_inversion.runs.history import Row

_TITLES = ("Run", "State", "Step", "Loss", "Folder")


class RunsScreen(Screen[None]):
    """Lists the runs, those that are running first; Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.leave", "Back")]

    def __init__(self, folders: list[Path]) -> None:
        super().__init__()
        self.folders = folders

    def compose(self) -> ComposeResult:
        """Show a table, or that there is nothing to show."""
        yield Static("Runs", id="title")
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        """Read the runs."""
        table = self.query_one(DataTable)
        table.add_columns(*_TITLES)
        for row in list_runs(self.folders):
            table.add_row(*_cells(row), key=str(row.folder))
        if not table.row_count:
            self.query_one("#title", Static).update("There are no runs yet.")

    @on(DataTable.RowSelected)
    def _open(self, event: DataTable.RowSelected) -> None:
        from commandline.console.live import LiveScreen

        self.app.push_screen(LiveScreen(folder=Path(str(event.row_key.value))))


def _cells(row: Row) -> tuple[str, ...]:
    loss = "-" if row.loss is None else f"{row.loss:.4f}"
    return row.name, row.state, f"{row.step}/{row.total}", loss, str(row.folder)
