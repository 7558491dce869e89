"""How the runs of a sweep stand, read from their own folders, and which did best."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textual_inversion.runs.history import Row, RunHistory
from textual_inversion.settings.comparison.many_runs import Rank
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.plan import Plan, PlannedRun
from textual_inversion.sweeps.record import Record

EARLY = "early-stopped"
ENDED = {"finished", "converged", EARLY}
# A clock that was set, or a file system that rounds.
_TOLERANCE_SECONDS = 2.0


@dataclass(frozen=True)
class Result:
    """One run; `loss` is the lowest of its fixed batch, None where it was never measured.

    `last_loss` is the newest of its training, which jumps.
    """

    name: str
    values: dict[str, str]
    state: str
    step: int
    total: int
    loss: float | None
    best_step: int
    folder: Path | None
    message: str
    last_loss: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to train."""
        return self.state in ENDED

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON-serializable fields."""
        return {**asdict(self), "folder": str(self.folder or "")}


class ResultsReader:
    """Reads how the runs of a plan stand again and again; only what was added to a log is read."""

    def __init__(self, plan: Plan, record: Record) -> None:
        self.plan, self.record = plan, record
        log_dirs = {run.training.log_dir for run in plan.runs}
        self._histories = [RunHistory(find_folder(log_dir)) for log_dir in log_dirs]

    def read(self) -> list[Result]:
        """Read how each run stands, in their order; one without a folder waits."""
        rows: dict[str, Row] = {}
        for history in self._histories:
            for row in history.rows():
                if _is_since(row.folder, self.record.began):
                    rows.setdefault(row.name, row)
        judged = self.record.judged() if self.plan.halving.is_on else {}
        early = {name for names in judged.values() for name in names}
        return [_result(run, rows.get(run.name), early) for run in self.plan.runs]


def read_results(plan: Plan, record: Record) -> list[Result]:
    """Read how each run of a plan stands, in their order; one without a folder waits."""
    return ResultsReader(plan, record).read()


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


def _result(run: PlannedRun, row: Row | None, early: set[str]) -> Result:
    name, values, total = run.name, dict(run.values), run.training.max_steps
    if row is None:
        return Result(name, values, "waiting", 0, total, None, 0, None, "")
    return Result(
        name,
        values,
        EARLY if name in early else row.state,
        row.step,
        row.total,
        row.best,
        row.best_step,
        row.folder,
        row.message,
        row.loss,
    )
