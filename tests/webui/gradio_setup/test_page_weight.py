"""The page is handed out compressed, and its events as data that the browser need not watch."""

import pytest
from gradio import routes
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from webui.gradio_setup import page_weight


@pytest.fixture
def write(monkeypatch):
    filters = routes.templates.env.filters
    monkeypatch.setitem(filters, "toorjson", filters["toorjson"])
    page_weight.leave_events_unwatched()
    page_weight.leave_events_unwatched()  # a second page of the same process
    return lambda value: str(filters["toorjson"](value))


def test_a_call_stands_around_the_description_once_and_around_nothing_else(write):
    script = write({"dependencies": [{"id": 1}], "title": "</script>"})
    assert script.startswith("(config => {")
    assert script.count("setPrototypeOf") == 1
    assert script.endswith(
        'return config; })({"dependencies":[{"id":1}],"title":"\\u003c/script\\u003e"})'
    )
    assert write([1]) == "[1]"


def test_a_page_is_compressed():
    async def page(_):
        return HTMLResponse("word " * 5_000)

    app = Starlette(routes=[Route("/", page)], middleware=[page_weight.compression])
    answer = TestClient(app).get("/", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 1_000
    assert answer.text == "word " * 5_000
