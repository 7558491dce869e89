"""A sweep as a job of the page: the events of its runs, told as one progress."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.events import Event, Failed, Finished, Loading, Started, Stepped, Warned
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run, now
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.record import working_on
from textual_inversion.sweeps.results import read_results

if TYPE_CHECKING:
    from textual_inversion.sweeps.batch import RunEvent


class LiveSweep:
    """A sweep that is trained here, with what each of its runs has told so far."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.runs: dict[str, Run] = {}
        self._steps: dict[str, int] = {}
        self._planned = plan.num_steps

    @property
    def num_steps(self) -> int:
        """How many steps the runs have taken together, earlier sittings included."""
        return sum(self._steps.values())

    def job(self, control: Control) -> Iterator[Event]:
        """Train what is left of the sweep; a Job."""
        from textual_inversion.sweeps.job import train_plan

        with working_on(self.plan) as record:
            results = read_results(self.plan, record)
            self._steps = {result.name: result.step for result in results}
            yield from self._told(train_plan(self.plan, record, control))
        yield Finished(self.num_steps, "stopped" if control.stopping else "finished")

    def _told(self, events: Iterator[RunEvent]) -> Iterator[Event]:
        """Fold each event into its run, and yield what it means for all of them."""
        is_loading = True
        for each in events:
            event = each.event
            if each.run:
                self._note(each.run, event)
            match event:
                case Loading():
                    is_loading = True
                    yield event
                case Stepped():
                    total = max(self._planned, self.num_steps)
                    if is_loading:
                        yield Started(self.plan.name, self.num_steps - 1, total)
                    is_loading = False
                    yield Stepped(self.num_steps, total, None, 0.0, event.seconds)
                case Warned():
                    yield event
                case Failed(message=message):
                    yield Warned(f"{each.run} failed: {message}")
                case _:
                    pass

    def _note(self, name: str, event: Event) -> None:
        run = self.runs.setdefault(name, Run(kind="train", name=name))
        if isinstance(event, Started) and event.step and not run.has_begun:
            run.read_past(Path(event.folder))
        run.apply(event, now=now())
        if isinstance(event, Started | Stepped):
            self._steps[name] = event.step
