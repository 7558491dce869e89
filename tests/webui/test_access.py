"""The page lies open to nobody by accident, and answers only to names it knows."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from textual_inversion.errors import SettingsError
from webui.access import make_access_policy


def status(policy, host, path="/", headers=None):
    async def hello(_request):
        return PlainTextResponse("hello")

    routes = [Route("/", hello), Route("/gradio_api/upload", hello, methods=["POST"])]
    app = Starlette(routes=routes, middleware=[policy.middleware])
    method = "GET" if path == "/" else "POST"
    sent = {"host": host, **(headers or {})}
    return TestClient(app).request(method, path, headers=sent).status_code


@pytest.mark.parametrize(
    "asked", [{"listen": True}, {"share": True}, {"host": "0.0.0.0"}, {"host": "192.168.1.7"}]
)
def test_an_open_page_needs_a_password(asked):
    with pytest.raises(SettingsError, match="add --auth user:password"):
        make_access_policy(**asked)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_ones_own_machine_needs_none(host):
    assert make_access_policy(host=host).auth is None


@pytest.mark.parametrize("auth", ["me", "me:", ":secret"])
def test_half_a_password_is_refused(auth):
    with pytest.raises(SettingsError, match="takes a user and a password"):
        make_access_policy(auth=auth)


def test_a_password_may_hold_colons():
    assert make_access_policy(listen=True, auth="me:a:b").auth == ("me", "a:b")


@pytest.mark.parametrize(
    ("host", "code"),
    [("localhost:7860", 200), ("127.0.0.1", 200), ("evil.example", 400), ("10.0.0.9", 400)],
)
def test_a_local_page_answers_to_its_own_names_alone(host, code):
    assert status(make_access_policy(), host) == code


@pytest.mark.parametrize(
    ("host", "code"),
    [("10.0.0.9:7860", 200), ("[fe80::1]:7860", 200), ("evil.example", 400), ("ti.lan", 200)],
)
def test_an_open_page_answers_to_numbers_and_allowed_names(host, code):
    policy = make_access_policy(listen=True, auth="me:secret", allowed_hosts=["ti.lan"])
    assert status(policy, host) == code


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://other.example", "sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_only_the_page_itself_may_send_files(headers, code):
    assert status(make_access_policy(), "localhost", "/gradio_api/upload", headers) == code
