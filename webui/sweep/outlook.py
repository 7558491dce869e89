"""How many runs a sweep has and how long they take, told before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from textual_inversion.errors import TextualInversionError
from textual_inversion.names import STAND_IN
from textual_inversion.runs.wording import duration
from textual_inversion.settings import SweepFormSettings, SweepSettings, TrainSettings
from textual_inversion.settings.forms.start import has_same_pace
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.past import list_sweeps, run_names
from textual_inversion.sweeps.plan import Plan, count_runs, plan_sweep
from webui.fields.wording import in_labels
from webui.html import paragraph
from webui.start.timing import seconds_per_step

# While somebody types, no more runs than these are made to add up their steps.
_MOST_PLANNED = 200
_NO_TIME = "No run of these settings was measured on this machine, so nothing is said of time."


def outlook_html(values: dict[str, Any]) -> Markup:
    """Tell the number of runs, their steps, and the time where a step was measured."""
    try:
        # The number and the time do not depend on the name, nor need one be chosen.
        named = {"embedding": values.get("embedding") or STAND_IN}
        sweep = SweepFormSettings.build(SweepFormSettings.changed(values), named).sweep()
        number = count_runs(sweep)
        return paragraph(_sentence(sweep, number), style="done")
    except TextualInversionError as error:
        return paragraph(in_labels(str(error), SweepFormSettings), style="wrong")


def _sentence(sweep: SweepSettings, number: int) -> str:
    runs = f"{number:,} run{'s' if number != 1 else ''}"
    if number > _MOST_PLANNED:
        return f"{runs}; time and steps are told for up to {_MOST_PLANNED}."
    plan = plan_sweep(sweep)
    steps = f"{'about ' if plan.halving.is_on else ''}{plan.num_steps:,} steps in all"
    return f"{runs}, {steps}. {_time(plan)}"


def _time(plan: Plan) -> str:
    """Tell how long a plan takes, from runs that were trained alone."""
    log_dir = find_folder(plan.shared.log_dir)
    runs = [run.training for run in plan.runs]
    paces = list(_paces(runs, log_dir, frozenset(_swept(log_dir))))
    known = [pace for pace in paces if pace is not None]
    if not known or len(known) < len(paces):
        return _NO_TIME
    # Those that end early are not known yet: each is counted with the mean.
    seconds = plan.num_steps * sum(each for each, _ in known) / len(known)
    each, name = known[0]
    return (
        f"At most about {duration(seconds)}: a step of {name}, which was trained alone, took "
        f"{each:.2g} s, and runs that share a pass take less."
    )


def _paces(
    runs: Sequence[TrainSettings], log_dir: Path, swept: frozenset[str]
) -> Iterator[tuple[float, str] | None]:
    """Find for each run what a step takes, looking on disk once for runs of the same pace."""
    found: list[tuple[dict[str, Any], tuple[float, str] | None]] = []
    for run in runs:
        same = next((pace for values, pace in found if has_same_pace(run, values)), ...)
        if same is ...:
            same = seconds_per_step(run, log_dir, skip=swept)
            found.append((run.model_dump(mode="json"), same))
        yield same


def _swept(log_dir: Path) -> Iterator[str]:
    """Name the runs of all sweeps: in a batch, a step takes as long as it does for all of it."""
    for record in list_sweeps(log_dir):
        try:
            yield from run_names(record)
        except TextualInversionError:
            continue
