"""What no weight may hold is found in every precision, wherever it stands."""

import math

import pytest
import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.checks.parts import check_finite

PRECISIONS = (torch.float16, torch.bfloat16, torch.float32)


@pytest.fixture(scope="module")
def info(stacks):
    return describe_model(str(stacks["sd1"]))


def layer(dtype, number, at=-1):
    """A convolution as models hold it on the CPU: one number of 147,456 is another."""
    made = torch.nn.Conv2d(128, 128, 3).to(dtype).to(memory_format=torch.channels_last)
    with torch.no_grad():
        made.weight[at, at, at, at] = number
    return made


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("number", [math.nan, -math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", [0, -1])
def test_one_broken_number_among_many_is_found(info, dtype, number, at):
    with pytest.raises(ModelError, match="1 of its unet's 2 tensors hold NaN .* the first weight"):
        check_finite(layer(dtype, number, at), "unet", info)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_the_least_and_the_greatest_numbers_are_no_fault(info, dtype):
    ends = torch.finfo(dtype)
    for number in (ends.min, ends.max, ends.tiny, -ends.tiny, 0.0, -0.0):
        check_finite(layer(dtype, number), "unet", info)
