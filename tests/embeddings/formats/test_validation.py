import pytest
import torch

from tests.embeddings.formats.samples import sd1
from textual_inversion.embeddings.formats.validation import checked
from textual_inversion.errors import EmbeddingError

VECTORS = sd1().vectors[0]


class Loud(torch.Tensor):
    """A subclass, whose methods could do anything."""


def test_a_subclass_of_a_tensor_is_refused():
    with pytest.raises(EmbeddingError, match=r"^cat\.pt is not an embedding: its vectors are not"):
        checked([VECTORS.as_subclass(Loud)], "cat.pt")


def test_what_is_returned_shares_no_memory_and_no_history():
    given = torch.nn.Parameter(VECTORS.clone())
    (found,) = checked([given], "cat.pt")
    assert (found.requires_grad, found.data_ptr() == given.data_ptr()) == (False, False)
    assert torch.equal(found, given)
