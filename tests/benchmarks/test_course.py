import pytest
import torch

from benchmarks.judging.art import SIDE, Art
from benchmarks.judging.bank import Bank
from benchmarks.judging.course import Course, rate
from tools.pocket_model.data import STYLES, Item


@pytest.fixture
def course(tmp_path):
    """A training of the judge on two concepts of noise, kept in `tmp_path`."""
    draw = torch.Generator().manual_seed(0)
    items = [Item(i, "ab"[i // 5], STYLES[i % 5], "food", ()) for i in range(10)]
    pixels = torch.randint(0, 256, (10, 4, SIDE, SIDE), generator=draw, dtype=torch.uint8)
    numbers = torch.arange(10)
    art = Art(pixels, items, ["a", "b"], numbers // 5, numbers % 5)
    bank = Bank(pixels[:4, :3], numbers[:4], torch.zeros(4, dtype=torch.long))
    return lambda name: Course(
        art, list(range(10)), bank, num_steps=3, state_path=tmp_path / f"{name}.pt"
    )


def parameters(course):
    return torch.cat([p.detach().flatten() for p in course.judge.parameters()])


@pytest.mark.slow
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(course):
    unbroken, broken = course("unbroken"), course("broken")
    assert unbroken.run()
    broken._advance()
    broken.save()
    again = course("broken")
    assert again.step == 1
    assert again.run()
    assert torch.equal(parameters(again), parameters(unbroken))


@pytest.mark.slow
def test_a_training_stops_when_its_minutes_are_over(course):
    assert not course("short").run(minutes=0)


def test_the_rate_rises_and_falls_to_nothing():
    rates = [rate(step, 100) for step in range(101)]
    assert max(rates) == rates[10]
    assert rates[0] < rates[5] < rates[10] > rates[50] > rates[99] > rates[100] == 0
