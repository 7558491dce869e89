"""How the runs of a sweep stand, read from their own folders, and which did best."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textual_inversion.runs.history import Row, RunHistory
from textual_inversion.settings.comparison.many_runs import Rank
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.record import Record

_ENDED = {"finished", "converged"}
# A clock that was set, or a file system that rounds.
_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True)
class Result:
    """One run; `loss` is the lowest of its fixed batch, None where it was never measured."""

    name: str
    values: dict[str, str]
    state: str
    step: int
    total: int
    loss: float | None
    best_step: int
    folder: Path | None
    message: str

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to train."""
        return self.state in _ENDED

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON-serializable fields."""
        return {**asdict(self), "folder": str(self.folder or "")}


def read_results(plan: Plan, record: Record) -> list[Result]:
    """Read how each run of a plan stands, in their order; one without a folder waits."""
    log_dirs = {run.training.log_dir for run in plan.runs}
    rows: dict[str, Row] = {}
    for log_dir in log_dirs:
        for row in RunHistory(find_folder(log_dir)).rows():
            if _is_since(row.folder, record.began):
                rows.setdefault(row.name, row)
    return [
        _result(run.name, dict(run.values), run.training.max_steps, rows.get(run.name))
        for run in plan.runs
    ]


def ranked(results: list[Result], rank: Rank) -> list[Result]:
    """Sort by the lowest loss, those without one last; or leave the order."""
    if rank == "order":
        return results
    return sorted(results, key=lambda one: (one.loss is None, one.loss or 0.0))


def _is_since(folder: Path, began: float) -> bool:
    try:
        changed = (folder / "settings.json").stat().st_mtime
    except OSError:
        return False
    return changed >= began - _TOLERANCE_SECONDS


def _result(name: str, values: dict[str, str], total: int, row: Row | None) -> Result:
    if row is None:
        return Result(name, values, "waiting", 0, total, None, 0, None, "")
    return Result(
        name,
        values,
        row.state,
        row.step,
        row.total,
        row.best,
        row.best_step,
        row.folder,
        row.message,
    )
