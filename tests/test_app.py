"""`python app.py` refuses in one sentence what would lie open."""

import subprocess
import sys
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parent.parent / "app.py"


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--listen", "--share"])
def test_an_open_page_without_a_password_is_bad_usage(flag, tmp_path):
    done = subprocess.run(
        [sys.executable, APP, flag], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert "add --auth user:password" in done.stderr
    assert "Traceback" not in done.stderr
