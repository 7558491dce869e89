"""A model's name is resolved once in a job."""

import pytest

from commandline.main import main
from textual_inversion.models import catalog


@pytest.fixture
def resolved(monkeypatch):
    names = []
    find = catalog._find_here

    def counting(name):
        names.append(name)
        return find(name)

    monkeypatch.setattr(catalog, "_find_here", counting)
    return names


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "train cat-x --dataset-dir pictures --max-steps 1",
        "create dog-x --initialization-text dog",
        "generate cat-x --steps 1",
        "check pictures --name cat-x",
        "check pictures --name cat-x --probe",
        "check pictures --name unmade-x --probe",
        "check pictures --probe",
    ],
)
def test_a_job_resolves_its_model_once(cat, resolved, command):
    assert main([*command.split(), "--model", cat["model"]]) == 0
    assert resolved == [cat["model"]]
