"""The process that hands the page out: it owns the jobs and outlives every browser tab."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from textual_inversion.errors import TextualInversionError
from textual_inversion.jobs.runner import Runner
from textual_inversion.storage.paths import find_folder
from webui import jobs, theme
from webui.access import AccessPolicy, make_access_policy
from webui.folders.allowed import ALLOWED
from webui.folders.uploads import MAX_FILE_BYTES
from webui.gradio_setup import page_weight
from webui.page import build
from webui.served_images import serve_from_own_folder

_WARM_AFTER_SECONDS = 2.0
_SAVING_SECONDS = 60.0


class PortError(TextualInversionError):
    """The port is taken."""


def launch(
    *,
    host: str = "127.0.0.1",
    listen: bool = False,
    port: int | None = None,
    share: bool = False,
    auth: str | None = None,
    allowed_hosts: Sequence[str] = (),
) -> None:
    """Serve the page until the process is asked to end; running jobs save before it does.

    Raises:
        SettingsError: The page would lie open to others.
        PortError: The port is taken.
    """
    policy = make_access_policy(
        host=host, listen=listen, share=share, auth=auth, allowed_hosts=allowed_hosts
    )
    ALLOWED.is_public = policy.is_public
    pictures = serve_from_own_folder()
    runner = Runner()
    runner.recover(find_folder("runs"))
    page = build(runner, is_local=not policy.is_public)
    try:
        _serve(page, policy, port=port, pictures=pictures)
        _warm_soon(runner)
        _wait()
    finally:
        runner.close(_SAVING_SECONDS)
        page.close(verbose=False)
        shutil.rmtree(pictures, ignore_errors=True)


def _serve(page: gr.Blocks, policy: AccessPolicy, *, port: int | None, pictures: Path) -> None:
    _leave_proxies_aside(policy.host)
    page_weight.leave_events_unwatched()
    try:
        _, url, public_url = page.launch(
            server_name=policy.host,
            server_port=port,
            share=policy.share,
            auth=policy.auth,
            theme=theme.theme(),
            css_paths=theme.STYLE_SHEET,
            app_kwargs={"middleware": [policy.middleware, page_weight.compression]},
            strict_cors=True,
            allowed_paths=[str(pictures)],
            max_file_size=MAX_FILE_BYTES,
            enable_monitoring=False,
            run_history=False,
            footer_links=[],
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            quiet=True,
            inline=False,
            prevent_thread_lock=True,
            # Gradio's look at its own page gives up, and ends, where a busy machine takes over 3 s.
            _frontend=False,
        )
    except OSError as error:
        raise PortError(f"The page cannot listen at port {port}: {error}.") from None
    for address in filter(None, (url, public_url)):
        # The address is what the terminal is watched for.
        print(f"Textual Inversion is at {address}", flush=True)  # noqa: T201


def _leave_proxies_aside(host: str) -> None:
    """Let Gradio's requests to its own server reach it where HTTP_PROXY and the like are set."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "localhost", host)))


def _warm_soon(runner: Runner) -> None:
    """Leave the first page the processor, then load what comes after it."""
    warming = threading.Timer(_WARM_AFTER_SECONDS, jobs.warm, [runner.device])
    warming.daemon = True
    warming.start()


def _wait() -> None:
    """Sleep until Ctrl+C or a polite request to end; a second one ends the saving too."""
    over = threading.Event()

    def ask(*_: object) -> None:
        if over.is_set():
            raise KeyboardInterrupt
        over.set()

    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, ask)
    over.wait()
    # What works now saves first.
    print("Ending …", flush=True)  # noqa: T201
