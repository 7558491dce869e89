import pytest
import torch
from torch import nn

from textual_inversion.embeddings.norms import constrain_norms, mean_norm
from textual_inversion.errors import SettingsError
from textual_inversion.settings import TrainSettings
from textual_inversion.training.optimization.averaging import Average, evaluating, vectors_in
from textual_inversion.training.optimization.learning_rate import make_rates
from textual_inversion.training.optimization.optimizers import SphericalSGD, make_optimizer


def settings(**chosen):
    return TrainSettings.build(
        {"embedding": "x", "dataset_dir": "pictures", "max_steps": 100}, chosen
    )


def rates(text="1", **chosen):
    return make_rates(settings(learning_rate=text, **chosen)).rate


def test_the_plain_rate_is_the_schedule():
    rate = rates("0.5:10, 0.25")
    assert [rate(step) for step in (0, 9, 10)] == [0.5, 0.5, 0.25]


def test_warm_up_rises_to_the_schedule():
    rate = rates("1", warmup_steps=3)
    assert [rate(step) for step in range(5)] == [0.25, 0.5, 0.75, 1, 1]


def test_a_cosine_ends_at_nothing():
    rate = rates("1", lr_scheduler="cosine")
    assert (rate(0), rate(50), rate(100)) == pytest.approx((1, 0.5, 0))


def test_the_rate_is_scaled_by_what_one_step_sees():
    chosen = {"scale_learning_rate": True, "batch_size": 2, "gradient_accumulation_steps": 3}
    assert rates("1", **chosen)(0) == 6


def test_auto_rises_to_a_share_of_a_words_size_and_falls():
    rate = rates("auto", optimizer="adamw")
    assert (rate(0), rate(50), rate(100)) == pytest.approx((0.5 / 51, 0.25, 0))


def test_max_steps_change_nothing_before():
    short, long = rates("auto", max_steps=80), rates("auto", max_steps=100_000)
    assert [short(step) for step in range(80)] == [long(step) for step in range(80)]


def test_auto_rises_as_long_as_asked():
    assert rates("auto", warmup_steps=1)(0) == 0.5


def test_a_warm_up_is_counted_from_where_the_optimizer_began():
    rate = make_rates(settings(learning_rate="1", warmup_steps=3), first=50).rate
    assert [rate(step) for step in (50, 51, 60)] == [0.25, 0.5, 1]


def test_auto_under_a_curve_takes_that_curve():
    rate = rates("auto", lr_scheduler="linear")
    assert (rate(0), rate(25)) == pytest.approx((0.5, 0.375))


@pytest.mark.parametrize(
    ("optimizer", "first", "middle"),
    [
        ("auto", 1 / 51, 1),
        ("lion", 0.1 / 51, 0.05),
        ("spherical", 0.03, 0.015),
        ("schedule-free", 1 / 51, 1),
        ("prodigy", 1, 0.5),
    ],
)
def test_auto_suits_the_optimizer(optimizer, first, middle):
    rate = rates("auto", optimizer=optimizer)
    assert (rate(0), rate(50)) == pytest.approx((first, middle))


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        ({}, "schedule-free"),
        ({"learning_rate": "0.005:100, 0.001"}, "adamw"),
        ({"lr_scheduler": "cosine"}, "adamw"),
        ({"optimizer": "lion"}, "lion"),
    ],
    ids=lambda case: case if isinstance(case, str) else next(iter(case), "defaults"),
)
def test_the_optimizer_auto_averages_only_under_a_rate_of_ours(chosen, name):
    assert settings(**chosen).optimizer_name == name


@pytest.mark.parametrize("optimizer", ["adamw", "schedule-free"])
def test_fixed_norms_are_those_that_are_saved(optimizer):
    rows = parameter([[3.0, 4.0]])
    made = make_optimizer(settings(optimizer=optimizer), [rows], norms=[1.0])
    for grad in ([[1.0, -1.0]], [[-3.0, 1.0]], [[0.5, 2.0]]):
        rows.grad = torch.tensor(grad)
        made.step()
        with vectors_in(made) as (kept,):
            for tensor in kept:
                constrain_norms(tensor, 2.0, "fixed", strength=0)
        with evaluating(made):
            assert rows.norm().item() == pytest.approx(2.0)


def parameter(rows):
    made = nn.Parameter(torch.tensor(rows))
    made.grad = torch.zeros_like(made)
    return made


def test_the_spherical_step_keeps_the_norm_and_follows_the_tangent():
    rows = parameter([[3.0, 0.0]])
    optimizer = SphericalSGD([rows], lr=1.0, kappa=0.0, norms=[2.0])
    rows.grad = torch.tensor([[5.0, -0.01]])  # mostly radial: only its direction across counts
    optimizer.step()
    assert rows.norm().item() == pytest.approx(2.0)
    assert rows[0].tolist() == pytest.approx([2**0.5, 2**0.5])


def test_kappa_pulls_back_to_the_start():
    rows = parameter([[1.0, 0.0]])
    optimizer = SphericalSGD([rows], lr=0.1, kappa=1.0, norms=[1.0])
    with torch.no_grad():
        rows.copy_(torch.tensor([[0.0, 1.0]]))
    rows.grad = torch.zeros(1, 2)
    optimizer.step()
    assert rows[0, 0].item() > 0.05


@pytest.mark.parametrize("name", ["adamw-8bit", "lion", "prodigy", "schedule-free"])
def test_a_missing_library_is_named(name, monkeypatch):
    import importlib

    def missing(module):
        raise ImportError(module)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(SettingsError, match="not installed; run pip install"):
        make_optimizer(settings(optimizer=name), [parameter([[1.0]])], norms=[1.0])


def test_norms_are_held_as_asked():
    def held(mode):
        rows = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
        constrain_norms(rows, 1.0, mode, strength=0.5)
        return rows.norm(dim=1).tolist()

    assert held("free") == [5, 0]
    assert held("soft") == pytest.approx([3, 0])
    assert held("fixed") == pytest.approx([1, 0])


def test_the_vocabularys_norm_is_a_mean_of_lengths():
    assert mean_norm(torch.tensor([[3.0, 4.0], [0.0, 1.0]])) == 3


def test_an_average_lags_behind():
    vector = parameter([[0.0]])
    average = Average([vector], 0.5)
    for value in (1.0, 1.0):
        vector.data.fill_(value)
        average.update([vector])
    assert average.values[0].item() == 0.75
    assert Average([vector], 0.0).values == []
