import pytest
import torch

from tests.training.test_learner import make
from textual_inversion.training.chores.warnings import LearnerWarnings
from textual_inversion.training.compilation import is_worth_compiling

CPU, GPU = torch.device("cpu"), torch.device("cuda")


class Doubled(torch.autograd.Function):
    """What a faulty compiler does: right pictures, wrong gradients."""

    @staticmethod
    def forward(ctx, tensor):
        return tensor.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def right(graph, inputs):
    calls.append(1)
    return graph.forward


def wrong(graph, inputs):
    return lambda *args: tuple(
        Doubled.apply(out) if torch.is_tensor(out) else out for out in graph(*args)
    )


def broken(graph, inputs):
    raise RuntimeError("no compiler here.")


calls = []


def steps(stacks, backend, count=2):
    """Take steps and give the learner, its losses and what it noted."""
    torch.compiler.reset()
    learner, batches = make(stacks, "sd1", compile_backend=backend)
    stream = batches.start_at(0)
    losses = [float(learner.step(next(stream))) for _ in range(count)]
    said = [event.message for event in LearnerWarnings(learner).run(count)]
    return learner, losses, said


def test_only_long_runs_on_a_gpu_are_compiled_unasked():
    assert is_worth_compiling("auto", 1000, GPU)
    assert not is_worth_compiling("auto", 999, GPU)
    assert not is_worth_compiling("auto", 9999, CPU)
    assert is_worth_compiling("on", 1, CPU)
    assert not is_worth_compiling("off", 9999, GPU)


@pytest.mark.slow
def test_a_compiled_step_with_right_gradients_is_used(stacks):
    calls.clear()
    learner, losses, said = steps(stacks, right)
    _, plain, _ = steps(stacks, None)
    assert losses == pytest.approx(plain, rel=1e-5)
    assert calls
    assert not learner.compiled.refused
    assert said == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "words"),
    [(wrong, "its gradients are wrong here by 100%"), (broken, "it cannot be compiled here")],
)
def test_a_compiled_step_that_fails_is_not_used_and_said_once(stacks, backend, words):
    learner, losses, said = steps(stacks, backend)
    plain, unharmed, _ = steps(stacks, None)
    assert losses == unharmed
    assert torch.equal(learner.parameters[0], plain.parameters[0])
    assert len(said) == 1
    assert words in said[0]
