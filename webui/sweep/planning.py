"""From what the form says to the plan of a sweep; what is wrong is said of its field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from textual_inversion.errors import DatasetError, EmbeddingError, SettingsError
from textual_inversion.settings import SweepFormSettings, SweepSettings
from textual_inversion.settings.comparison.many_runs import varying_fields
from textual_inversion.settings.forms.sweep import NO_SETTING
from textual_inversion.settings.knobs import walk
from textual_inversion.sweeps.engines.choice import check_engine
from textual_inversion.sweeps.plan import Plan, make_run, plan_sweep, read_axes
from textual_inversion.sweeps.record import working_on
from webui.fields.wording import in_labels

_VARYING = varying_fields(SweepSettings)


def knob_choices() -> list[tuple[str, str]]:
    """List what a row can vary as (label, path), nothing first."""
    named = [(knob.ui.label, knob.path) for knob in walk(SweepSettings) if knob.path in _VARYING]
    return [(NO_SETTING, NO_SETTING), *named]


def make_plan(settings: SweepFormSettings) -> Plan:
    """Plan the sweep of a form.

    Raises:
        SettingsError: A setting or a value is wrong; its mistakes name the field.
    """
    shared = settings.sweep()
    for path, of_values, text in settings.rows():
        name, _, _ = text.partition("=")
        if name not in _VARYING:
            sentence = f'"{name[:60]}" is no setting that runs can differ in; choose one listed.'
            raise SettingsError(sentence, [(path, sentence)])
        with _said_of(of_values):
            for value in read_axes([text])[name]:
                make_run(shared, shared.embedding, {name: value})
    with _said_of("engine"):
        check_engine(shared)
    try:
        return plan_sweep(shared)
    except EmbeddingError as error:
        raise SettingsError(str(error), [("name", str(error))]) from None


def begin(plan: Plan) -> None:
    """Begin a sweep on disk, or check that it is the one that was begun under its name.

    Raises:
        SettingsError: It is another one, an embedding of a run is there already, or a folder of
            pictures is not; its mistakes name the field.
        TextualInversionError: It is trained elsewhere, or cannot be written.
    """
    try:
        with working_on(plan):
            pass
    except DatasetError as error:
        raise SettingsError(str(error), [("dataset_dir", str(error))]) from None
    except (SettingsError, EmbeddingError) as error:
        raise SettingsError(str(error), [("name", str(error))]) from None


@contextmanager
def _said_of(path: str) -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        sentence = in_labels(str(error), SweepSettings)
        raise SettingsError(sentence, [(path, sentence)]) from None
