"""Every choice a user has, declared once.

The field's docstring is the flag's help, the control's hint and the row of the reference table;
the constraint stands in `Annotated`, the default after `=`. Nothing outside this package lists the
fields by hand: the command line, the page and the table are renderings of `knobs.walk`.
"""

from textual_inversion.settings.base import (
    DEFAULT_MODEL,
    SCHEMA_VERSION,
    Settings,
    read_settings_file,
)
from textual_inversion.settings.basics import AUTO
from textual_inversion.settings.check import CheckCommandSettings, CheckSettings
from textual_inversion.settings.comparison.evaluate import EvaluateSettings
from textual_inversion.settings.comparison.grid import GridSettings
from textual_inversion.settings.comparison.many_runs import BatchSettings, SweepSettings
from textual_inversion.settings.comparison.suggest import SuggestSettings
from textual_inversion.settings.create import CreateSettings
from textual_inversion.settings.forms.console import ConsoleSettings
from textual_inversion.settings.forms.start import StartSettings
from textual_inversion.settings.forms.sweep import SweepFormSettings
from textual_inversion.settings.generate import Emphasis, GenerateSettings, Sampler
from textual_inversion.settings.markers import OnlyWith, Positional, Ui, Widget
from textual_inversion.settings.preprocess import PreprocessSettings
from textual_inversion.settings.train import TrainSettings
from textual_inversion.storage.paths import find_folder

__all__ = [
    "AUTO",
    "DEFAULT_MODEL",
    "SCHEMA_VERSION",
    "BatchSettings",
    "CheckCommandSettings",
    "CheckSettings",
    "ConsoleSettings",
    "CreateSettings",
    "Emphasis",
    "EvaluateSettings",
    "GenerateSettings",
    "GridSettings",
    "OnlyWith",
    "Positional",
    "PreprocessSettings",
    "Sampler",
    "Settings",
    "StartSettings",
    "SuggestSettings",
    "SweepFormSettings",
    "SweepSettings",
    "TrainSettings",
    "Ui",
    "Widget",
    "find_folder",
    "read_settings_file",
]
