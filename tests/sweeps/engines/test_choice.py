"""Which engine trains, and what is said where it cannot."""

import sys

import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.engines import choice
from textual_inversion.sweeps.engines.local import LocalEngine
from textual_inversion.sweeps.plan import plan_sweep


def engine(**given):
    settings = {"embedding": "cat-x", "dataset_dir": "pictures", "over": ("seed=0,1",), **given}
    return choice.make_engine(plan_sweep(SweepSettings.build(settings)), [])


def test_a_process_trains_by_itself_and_loads_no_ray():
    before = "ray" in sys.modules
    made = engine(runs_at_once=3)
    assert isinstance(made, LocalEngine)
    assert (made.at_once, "ray" in sys.modules) == (3, before)


def test_what_ray_needs_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r'run pip install "textual-inversion-webui\[ray\]"\.$'):
        engine(engine="ray")


def test_an_address_without_ray_is_a_mistake():
    with pytest.raises(SettingsError, match="add --engine ray, or leave it out"):
        engine(address="auto")
