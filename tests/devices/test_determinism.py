import os
import warnings

import pytest
import torch
import torch.utils.deterministic as fills

from tests.cats import settings
from textual_inversion.devices.determinism import DeterministicKernels
from textual_inversion.events import Warned
from textual_inversion.runs.requests import Control
from textual_inversion.training.run import train

NO_KERNEL = (
    "grid_sampler_2d_backward_cuda does not have a deterministic implementation, but you set "
    "'torch.use_deterministic_algorithms(True, warn_only=True)'."
)


def modes():
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        fills.fill_uninitialized_memory,
    )


def test_kernels_are_deterministic_in_each_block_and_at_no_other_time():
    before, kernels = modes(), DeterministicKernels()
    for _ in range(2):
        with kernels:
            assert modes() == (True, True, False)
        assert modes() == before == (False, False, True)


def test_after_an_error_everything_is_as_it_was():
    before, show = modes(), warnings.showwarning
    with pytest.raises(ZeroDivisionError), DeterministicKernels():
        raise ZeroDivisionError
    assert (modes(), warnings.showwarning) == (before, show)


def test_an_operation_without_such_a_kernel_is_named_once_and_other_warnings_pass():
    kernels, notes = DeterministicKernels(), []

    def work(message):
        with kernels:
            warnings.warn_explicit(message, UserWarning, "torch/x.py", 1, registry={})
        notes.extend(kernels.warnings())

    work(NO_KERNEL)
    work(NO_KERNEL)
    with pytest.warns(UserWarning, match="old") as passed:
        work("old")
    assert len(passed) == 1
    (note,) = notes
    assert "for grid_sampler_2d_backward_cuda; a run" in note.message


@pytest.mark.slow
def test_a_training_computes_so(home, cat, monkeypatch):
    from textual_inversion.training.learner import Learner

    seen, before, step = [], modes(), Learner.step
    monkeypatch.setattr(Learner, "step", lambda *a: seen.append(modes()) or step(*a))
    events = []
    for event in train(settings(cat, max_steps=2), Control()):
        events.append(event)
        assert modes() == before
    assert seen == [(True, True, False)] * 2
    assert not any("no deterministic kernel" in e.message for e in events if isinstance(e, Warned))


def test_cublas_is_told_before_a_gpu_is_used_unless_somebody_chose(monkeypatch):
    from textual_inversion.devices.precision import best_device

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    for chosen, then in ((None, ":4096:8"), (":16:8", ":16:8")):
        monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
        if chosen:
            monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", chosen)
        assert best_device().type == "cuda"
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == then
