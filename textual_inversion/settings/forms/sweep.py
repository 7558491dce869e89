"""The choices of the page's Sweep tab beside the Train tab's, and the sweep that they come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from textual_inversion.errors import SettingsError
from textual_inversion.settings.base import BareName, PromptText, Settings
from textual_inversion.settings.comparison.many_runs import SweepSettings
from textual_inversion.settings.markers import Ui

NO_SETTING = "none"


class SweepRowsSettings(Settings):
    """What a sweep is called and varies, a row for each setting."""

    name: Annotated[BareName, Ui("Name of the sweep")] = ""
    """Its runs are called NAME-run1, NAME-run2 and so on. Empty takes the name of the embedding on
    the Train tab."""
    setting_1: Annotated[str, Ui("Setting 1", "knob", row="first")] = "learning_rate"
    """What the runs differ in: a setting of the Train tab, or what their vectors start from."""
    values_1: Annotated[PromptText, Ui("Values 1", row="first")] = "auto, 0.005"
    """A list with commas; quotes keep a comma inside a value, as in "0.01:100, 0.005", auto."""
    setting_2: Annotated[str, Ui("Setting 2", "knob", row="second")] = NO_SETTING
    """Every value is combined with every one of the other rows."""
    values_2: Annotated[PromptText, Ui("Values 2", row="second")] = ""
    """Written like the values of the first row."""
    setting_3: Annotated[str, Ui("Setting 3", "knob", row="third")] = NO_SETTING
    """As above."""
    values_3: Annotated[PromptText, Ui("Values 3", row="third")] = ""
    """Written like the values of the first row."""
    setting_4: Annotated[str, Ui("Setting 4", "knob", row="fourth")] = NO_SETTING
    """As above."""
    values_4: Annotated[PromptText, Ui("Values 4", row="fourth")] = ""
    """Written like the values of the first row."""


_ROWS = [name for name in SweepRowsSettings.model_fields if name.startswith("setting_")]


class SweepFormSettings(SweepSettings, SweepRowsSettings):
    """Train an embedding under every combination of some settings' values."""

    # The rows name them.
    over: ClassVar[tuple[str, ...]] = ()  # pyright: ignore
    # Ray runs what a cluster's address sends back, so whoever can reach the page may name none.
    address: ClassVar[str] = ""  # pyright: ignore

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield for each row in use the path of its values, and what `over` says of it.

        The first of the three is the path of its setting.

        Raises:
            SettingsError: A row has a setting or values alone, or a setting stands in two rows.
        """
        seen: set[str] = set()
        for path in _ROWS:
            of_values = path.replace("setting", "values")
            chosen, values = str(getattr(self, path)).strip(), str(getattr(self, of_values)).strip()
            if chosen in {"", NO_SETTING}:
                if values:
                    raise _mistake(path, "Choose the setting that takes these values.")
                continue
            if not values:
                raise _mistake(of_values, f"{chosen} has no values here; list some with commas.")
            if chosen in seen:
                raise _mistake(path, f"{chosen} stands in two rows; list all its values in one.")
            seen.add(chosen)
            yield path, of_values, f"{chosen}={values}"
        if not seen:
            raise _mistake(_ROWS[0], "Choose a setting in which the runs differ.")

    def sweep(self) -> SweepSettings:
        """Build the settings that `ti sweep` would have.

        Raises:
            SettingsError: A row is incomplete.
        """
        over = tuple(text for *_, text in self.rows())
        given = self.model_dump(exclude_unset=True, exclude={*SweepRowsSettings.model_fields})
        named = {"embedding": self.name} if self.name else {}
        return SweepSettings.build(given, named, {"over": over})


def _mistake(path: str, sentence: str) -> SettingsError:
    return SettingsError(sentence, [(path, sentence)])
