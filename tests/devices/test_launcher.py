import pytest

from tests.cats import settings
from textual_inversion.devices import launcher
from textual_inversion.devices.precision import best_device


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    for name in ("ACCELERATE_MIXED_PRECISION", "ACCELERATE_USE_CPU", "MASTER_ADDR", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
def test_processes_are_counted_whoever_started_them(monkeypatch, name):
    assert launcher.num_processes() == 1
    monkeypatch.setenv(name, "3")
    assert launcher.num_processes() == 3


def test_accelerates_precision_is_taken_over_where_it_is_automatic(cat, monkeypatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    taken, notes = launcher.with_launcher_precision(settings(cat))
    assert (taken, notes) == (settings(cat, precision="bf16"), [])


@pytest.mark.parametrize(
    ("asked", "own", "says"),
    [
        ("bf16", "fp32", "mixed_precision bf16 is ignored: precision fp32"),
        ("fp8", "auto", "mixed_precision fp8 is not supported"),
    ],
)
def test_what_is_not_taken_over_is_said(cat, monkeypatch, asked, own, says):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", asked)
    kept, (note,) = launcher.with_launcher_precision(settings(cat, precision=own))
    assert kept == settings(cat, precision=own)
    assert says in note


def test_full_precision_that_is_not_computed_in_is_said(monkeypatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    assert launcher.launcher_notes("auto", "fp32") == []
    (note,) = launcher.launcher_notes("auto", "bf16")
    assert '"no" is ignored: precision auto chose bf16' in note


def test_one_process_where_several_were_asked_for_is_said(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert launcher.launcher_notes("auto", "fp32") == []
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    (note,) = launcher.launcher_notes("auto", "fp32")
    assert "starts one process on a CPU" in note
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert launcher.launcher_notes("auto", "fp32") == []


def test_a_launcher_that_wants_the_cpu_gets_it(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert best_device().type == "cuda"
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert best_device().type == "cpu"
