"""A file's tensors are brought to another precision in little more than their own memory."""

import torch
from safetensors.torch import save_file

from textual_inversion.models.single_file.reading import read_changed


def test_only_what_is_changed_is_copied_and_other_names_are_left_out(tmp_path):
    tensors = {"a.half": torch.ones(3).half(), "a.full": torch.ones(3), "b": torch.ones(3)}
    save_file(tensors, tmp_path / "x.safetensors")
    found = read_changed(tmp_path / "x.safetensors", ("a.",), lambda _, one: one.half())
    assert {name: one.dtype for name, one in found.items()} == dict.fromkeys(
        ("a.half", "a.full"), torch.float16
    )
    assert all(torch.equal(one, torch.ones(3).half()) for one in found.values())
