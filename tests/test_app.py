"""`python app.py` refuses what would lie open, and starts on machines as they are."""

import os
import socket
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


@pytest.mark.slow
def test_a_proxy_and_a_busy_machine_do_not_keep_it_from_starting(tmp_path):
    """Gradio asks its own page through HTTP_PROXY, and ends when the answer takes too long."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nobody = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), "http://127.0.0.1:9")
    slow = "from gradio import networking; networking.url_ok = lambda url: False; "
    begin = slow + f"import sys; sys.argv[1:] = ['--port', '{port}']; import app; app.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", begin], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        env=os.environ | nobody | {"PYTHONPATH": str(APP.parent)},
    )  # fmt: skip
    try:
        assert process.stdout.readline() == f"Textual Inversion is at http://127.0.0.1:{port}/\n"
    finally:
        process.terminate()
        process.communicate(timeout=60)
