"""The engine that the settings of a sweep name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from textual_inversion.errors import SettingsError
from textual_inversion.settings.comparison.many_runs import ManyRunsSettings
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.results import Result

if TYPE_CHECKING:
    from textual_inversion.sweeps.engines.base import Engine


def check_engine(settings: ManyRunsSettings) -> None:
    """Raise SettingsError unless the engine is installed and the options are its own. Light."""
    if settings.engine == "local":
        if settings.address:
            raise SettingsError("address names a Ray cluster; add --engine ray, or leave it out.")
    elif find_spec("ray") is None:
        raise SettingsError(
            "The engine ray needs Ray, which is not installed; run "
            'pip install "textual-inversion-webui[ray]".'
        )


def make_engine(plan: Plan, results: Sequence[Result]) -> Engine:
    """Make the engine of a plan, whose runs stand as `results` say.

    Raises:
        SettingsError: Its package is not installed, or an option is for another engine.
    """
    check_engine(plan.shared)
    from textual_inversion.sweeps.engines.base import Creations
    from textual_inversion.sweeps.engines.local import LocalEngine

    creations = Creations({run.name: run.creation for run in plan.runs}, plan.folder)
    if plan.shared.engine == "local":
        return LocalEngine(creations, plan.shared.runs_at_once)
    from textual_inversion.sweeps.engines.ray_cluster import RayEngine
    from textual_inversion.sweeps.engines.returned import Returned

    folders = {result.name: result.folder for result in results if result.folder}
    return RayEngine(plan.shared, creations, Returned(folders))
