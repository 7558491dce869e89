"""Who may reach the page: the address it listens on, the password, the names it answers to.

A page from elsewhere can make a browser ask 127.0.0.1 under a name of its own; so the name that a
request asks for is checked. An address in numbers cannot be faked that way.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from textual_inversion.errors import SettingsError

_OWN_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class AccessPolicy:
    """Where the page listens, and whom it lets in; checked."""

    host: str
    share: bool
    auth: tuple[str, str] | None
    names: tuple[str, ...]
    is_public: bool
    """Whether others can reach the page, and address it by any number."""

    @property
    def middleware(self) -> Middleware:
        """The check of the host name that every request asks for."""
        return Middleware(KnownHosts, allowed_hosts=list(self.names), numbers=self.is_public)


def make_access_policy(
    *,
    host: str = "127.0.0.1",
    listen: bool = False,
    share: bool = False,
    auth: str | None = None,
    allowed_hosts: Sequence[str] = (),
) -> AccessPolicy:
    """Check these options together; SettingsError when the page would lie open to everybody."""
    host = "0.0.0.0" if listen else host
    public = share or not _is_own(host)
    if public and not auth:
        raise SettingsError(
            "Others could reach this page and everything it may write; add --auth user:password "
            "to --listen, --share or a --host that is not this machine's own."
        )
    shared = ("*.gradio.live",) if share else ()
    names = (*_OWN_NAMES, host, *shared, *allowed_hosts)
    return AccessPolicy(host, share, _user_and_password(auth), names, is_public=public)


class KnownHosts(TrustedHostMiddleware):
    """Answers requests for known names, and with `numbers` also for any address in numbers."""

    def __init__(self, app, allowed_hosts: Sequence[str], *, numbers: bool = False) -> None:  # noqa: ANN001
        super().__init__(app, allowed_hosts=allowed_hosts, www_redirect=False)
        self._numbers = numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        is_request = scope["type"] in {"http", "websocket"}
        headers = Headers(scope=scope) if is_request else Headers()
        host = headers.get("host", "")
        if scope["type"] == "http" and _is_foreign_upload(scope, headers):
            refusal = PlainTextResponse("Files are only taken from this page.", status_code=403)
            await refusal(scope, receive, send)
        elif self._numbers and _is_number(host):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _is_foreign_upload(scope: Scope, headers: Headers) -> bool:
    """Whether a page from elsewhere makes a browser send files here, which could fill the disk."""
    if scope["method"] != "POST" or not scope["path"].endswith("/upload"):
        return False
    site = headers.get("sec-fetch-site")
    if site:  # sent where the page is on https or on this machine
        return site not in {"same-origin", "none"}
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc != headers.get("host", "")


def _user_and_password(auth: str | None) -> tuple[str, str] | None:
    if auth is None:
        return None
    user, _, password = auth.partition(":")
    if not user or not password:
        raise SettingsError(
            "--auth takes a user and a password with a colon between: --auth me:secret."
        )
    return user, password


def _is_own(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_number(host: str) -> bool:
    bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return False
    return True
