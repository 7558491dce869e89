"""A server process of the test's own, and Chromium to look at its page."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.browser.page import PATIENCE_MS

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Server:
    """`python app.py` in a working folder of its own; it can be killed and started again."""

    def __init__(self, home):
        self.home = home
        self.process = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def start(self):
        command = [sys.executable, str(PROJECT / "app.py"), "--port", str(self.port)]
        environment = os.environ | {"TI_HOME": str(self.home)}
        with (self.home / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=self.home, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self.home / "server.log").read_text())

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)


def serve(home):
    for name in ("embeddings", "runs", "outputs"):
        (home / name).mkdir()
    if not (PROJECT / "models/pocket/model_index.json").is_file():
        # A checkout without its model, as during development: random weights stand in.
        from tests import tiny

        tiny.build(home / "models" / "pocket")
    server = Server(home)
    server.start()
    yield server
    server.end()


@pytest.fixture
def server(tmp_path):
    """A server for one test alone."""
    yield from serve(tmp_path)


@pytest.fixture
def online(tmp_path, monkeypatch):
    """A page whose Hub is on this machine."""
    for name in ("embeddings", "runs", "outputs"):
        (tmp_path / name).mkdir()
    from tests.hubserver import TOKEN, FakeHub

    with FakeHub() as hub:
        own = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf")}
        for name, value in own.items():
            monkeypatch.setitem(os.environ, name, value)
        server = Server(tmp_path)
        server.start()
        yield server, hub
        server.end()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    """A server for the tests of a file that leave nothing behind which others would see."""
    yield from serve(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="package")
def chromium():
    """The browser; it ends with this package, since its event loop would be in others' way."""
    if CHROMIUM is None:
        say = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
        say("Chromium is not installed; on Debian: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)  # a busy machine is no fault of the page's

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium):
    """One browser profile, whose pages share what a real browser's tabs share."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def shoot(tmp_path):
    """Keep a picture of a page, in TI_SCREENSHOTS or among the test's own files."""
    folder = Path(os.environ.get("TI_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def take(page, name):
        page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")

    return take
