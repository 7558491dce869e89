"""A file's tensors are brought to another precision in little more than their own memory."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from textual_inversion.models.single_file.reading import read_changed

MEASURED = """
import re, sys, torch
from pathlib import Path
from textual_inversion.models.single_file.reading import read_changed

def kilobytes(what):
    return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = kilobytes("VmRSS")
found = read_changed(Path(sys.argv[1]), ("a",), lambda _, one: one.to(getattr(torch, sys.argv[2])))
print((kilobytes("VmHWM") - before) * 1024 / sum(one.nbytes for one in found.values()))
"""


def test_only_what_is_changed_is_copied_and_other_names_are_left_out(tmp_path):
    tensors = {"a.half": torch.ones(3).half(), "a.full": torch.ones(3), "b": torch.ones(3)}
    save_file(tensors, tmp_path / "x.safetensors")
    found = read_changed(tmp_path / "x.safetensors", ("a.",), lambda _, one: one.half())
    assert {name: one.dtype for name, one in found.items()} == dict.fromkeys(
        ("a.half", "a.full"), torch.float16
    )
    assert all(torch.equal(one, torch.ones(3).half()) for one in found.values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc for its own memory")
@pytest.mark.parametrize(("dtype", "most"), [("bfloat16", 1.6), ("float16", 0.3)])
def test_the_files_pages_do_not_count_beside_the_copies(tmp_path, dtype, most):
    """Mapped as a whole, the file would count as often as the copies; unchanged it is not read."""
    path = tmp_path / "x.safetensors"
    save_file({f"a{n}": torch.ones(1 << 22, dtype=torch.float16) for n in range(48)}, path)
    code = [sys.executable, "-c", MEASURED, str(path), dtype]
    ran = subprocess.run(code, capture_output=True, text=True, check=True)
    assert float(ran.stdout) < most
