"""A model of the Hub that cannot be had: one sentence, whatever there is at the other end."""

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from textual_inversion.models import hub

PROJECT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9"
ANSWERS = {
    500: (500, b"out of order", "status 500"),
    404: (404, b"{}", "status 404: there is no such model"),
    "no JSON": (200, b"<html>", "its response cannot be parsed"),
    "other JSON": (200, b"[1]", "its response cannot be parsed"),
}


@pytest.fixture
def hub_that_answers():
    """Start servers that give one answer to everything."""
    servers = []

    def start(status, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def said_with(home, endpoint, *words):
    """Run a program of its own: the Hub's address is read once, when the client is imported."""
    own = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home / "hub"), "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=os.environ | own, timeout=100
    )


def fetched(home, endpoint):
    code = "from textual_inversion.models.hub import fetch; fetch('owner/model')"
    return said_with(home, endpoint, "-c", code).stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("answer", list(ANSWERS))
def test_a_hub_that_answers_otherwise_is_told(home, hub_that_answers, answer):
    status, body, words = ANSWERS[answer]
    said = fetched(home, hub_that_answers(status, body))
    assert 'ModelError: The base model "owner/model" is not on this machine' in said
    assert words in said


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", [CLOSED, "nonsense", "http://nowhere.invalid"])
def test_without_a_connection_it_is_told_what_was_looked_for_where_and_what_to_do(home, endpoint):
    said = fetched(home, endpoint)
    assert f"neither under models/ nor in {home / 'hub' / 'hub'}" in said
    assert f"cannot be downloaded from {endpoint} (" in said
    assert said.endswith("choose one that is here, such as models/pocket.")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["create new-word", "train x --dataset-dir .", "generate x"])
def test_commands_end_with_one_sentence(home, stacks, command):
    if command.startswith("train"):
        made = said_with(home, CLOSED, "-m", "textual_inversion", "create", "x-x", "--model",
                         str(stacks["sd1"]))  # fmt: skip
        assert made.returncode == 0, made.stderr
        command = command.replace(" x ", " x-x ")
    words = ["-m", "textual_inversion", *command.split(), "--model", "owner/model"]
    ended = said_with(home, CLOSED, *words)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert ended.stderr.startswith('ti: The base model "owner/model" is not on this machine')


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    ["create new-word", "create new-word --model models/pocket", "train x --dataset-dir .",
     "generate x", "captioners"],
)  # fmt: skip
def test_a_malformed_address_of_the_hub_is_named(home, command):
    if command.startswith("train"):
        made = said_with(home, CLOSED, "-m", "textual_inversion", "create", "x", "--force")
        assert made.returncode == 0, made.stderr
    model = [] if "models/" in command or command == "captioners" else ["--model", "owner/model"]
    ended = said_with(home, "http://[", "-m", "textual_inversion", *command.split(), *model)
    assert ended.returncode == (0 if command == "captioners" else 1)
    told = ended.stdout if command == "captioners" else ended.stderr
    assert 'The environment variable HF_ENDPOINT, "http://[", is no web address' in told
    assert "Traceback" not in ended.stderr


def test_the_page_names_a_malformed_address_of_the_hub_instead_of_opening(home):
    ended = said_with(home, "http://[", str(PROJECT / "app.py"))
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
    assert 'HF_ENDPOINT, "http://[", is no web address (Invalid IPv6 URL); correct' in ended.stderr


def test_another_variable_that_the_client_cannot_read_is_named(home, monkeypatch):
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "soon")
    said = fetched(home, CLOSED)
    assert re.search(r"wrong one of HF_ENDPOINT, HF_HOME, .*HF_HUB_ETAG_TIMEOUT", said)


def test_the_base_errors_of_the_hubs_http_client_are_among_the_faults():
    from huggingface_hub import get_session

    client = sys.modules[type(get_session()).__module__.partition(".")[0]]
    assert issubclass(client.ConnectError, hub.download_errors())
    assert issubclass(client.InvalidURL, hub.download_errors())
    assert not issubclass(KeyboardInterrupt, hub.download_errors())


@pytest.mark.parametrize(
    "missing", ["unet/w-00002-of-00002.safetensors", "text_encoder_2/w.safetensors"]
)
def test_a_download_broken_off_between_two_files_is_not_taken_for_a_model(
    monkeypatch, tmp_path, missing
):
    shards = ["unet/w-00001-of-00002.safetensors", "unet/w-00002-of-00002.safetensors"]
    whole = ["vae/w.safetensors", "text_encoder/w.safetensors", "text_encoder_2/w.safetensors"]
    for name in ("model_index.json", *shards, *whole):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(hub, "cached_file", lambda name, file: tmp_path / file)
    assert hub.find_cached("owner/model") == tmp_path
    (tmp_path / missing).unlink()
    assert hub.find_cached("owner/model") is None
