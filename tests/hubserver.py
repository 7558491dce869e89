"""A local server that speaks the Hugging Face Hub's HTTP API, as far as huggingface_hub asks it.

Repositories are dicts of files. Reads: model info, tree, resolve. Writes: whoami, create,
validate-yaml, preupload (regular, or LFS with the basic transfer), commit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

SHA = "a" * 40
TOKEN = "hf_of_mia"
READ_ONLY = "hf_may_only_read"


@dataclass
class Repository:
    files: dict[str, bytes]
    private: bool = False
    gated: bool = False
    revisions: tuple[str, ...] = ("main", SHA)


@dataclass
class FakeHub:
    """What the server has, and what it was asked for."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    ranges: list[tuple[str, str | None]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    held: dict[str, threading.Event] = field(default_factory=dict)
    """Files of which one half is sent, and the other once the event is set."""
    cuts: dict[str, int] = field(default_factory=dict)  # a file's connection breaks so often
    uses_lfs: bool = False
    blobs: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def add(self, name, files, **more):
        self.repositories[name] = Repository(dict(files), **more)


class _RefusalError(Exception):
    def __init__(self, status, code=""):
        self.status, self.code = status, code


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._handle(
            {
                r"/api/whoami-v2": self._whoami,
                r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?": self._info,
                r"/api/models/([^/]+/[^/]+)/tree/([^/]+)": self._tree,
                r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)": self._resolve,
            }
        )

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        self._handle(
            {
                r"/api/repos/create": self._create,
                r"/api/validate-yaml": lambda body: {"warnings": [], "errors": []},
                r"/api/models/([^/]+/[^/]+)/preupload/main": self._preupload,
                r"/api/models/([^/]+/[^/]+)/commit/main": self._commit,
                r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch": self._lfs,
            }
        )

    def do_PUT(self):
        self._handle({r"/blobs/([0-9a-f]+)": self._blob})

    def _handle(self, routes):
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        self.hub.tokens.add(self._token())
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for pattern, answer in routes.items():
            if match := re.fullmatch(pattern, path):
                try:
                    self._answer(answer(*match.groups(), body))
                except _RefusalError as refusal:
                    self._send(refusal.status, b"{}", {"X-Error-Code": refusal.code})
                return
        self._send(404, b"{}", {})

    def _answer(self, found):
        if isinstance(found, bytes):
            self._send_file(found)
        else:
            self._send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _send_file(self, data):
        path, wanted = unquote(urlsplit(self.path).path), self.headers.get("Range")
        etag = hashlib.sha1(data).hexdigest()
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": SHA, "Accept-Ranges": "bytes"}
        if self.command == "GET":
            self.hub.ranges.append((path, wanted))
        begin = int((wanted or "bytes=0-")[6:].partition("-")[0])
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        self._send(206 if begin else 200, data[begin:], headers, cut=self._is_cut(path))

    def _is_cut(self, path):
        name = next(
            (name for name, left in self.hub.cuts.items() if left and path.endswith(name)), ""
        )
        if self.command == "GET" and name:
            self.hub.cuts[name] -= 1
            return True
        return False

    def _wait(self):
        for name, event in self.hub.held.items():
            if urlsplit(self.path).path.endswith(name):
                self.wfile.flush()
                event.wait(60)

    def _send(self, status, body, headers, *, cut=False):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            half = len(body) // 2
            self.wfile.write(body[:half])
            self._wait()
            self.wfile.write(b"" if cut else body[half:])
        if cut:
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()

    def _token(self):
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

    def _writer(self):
        if self._token() not in {TOKEN, READ_ONLY}:
            raise _RefusalError(401)
        if self._token() == READ_ONLY:
            raise _RefusalError(403)

    def _repository(self, name, revision=None):
        found = self.hub.repositories.get(name)
        if found is None or (found.private and self._token() != TOKEN):
            raise _RefusalError(404, "RepoNotFound")
        if revision and revision not in found.revisions:
            raise _RefusalError(404, "RevisionNotFound")
        return found

    def _whoami(self, body):
        if self._token() not in {TOKEN, READ_ONLY}:
            raise _RefusalError(401)
        return {"type": "user", "name": "mia"}

    def _info(self, name, revision, body):
        found = self._repository(name, revision)
        siblings = [{"rfilename": p, "size": len(c), "blobId": "b"} for p, c in found.files.items()]
        return {"id": name, "sha": SHA, "private": found.private, "siblings": siblings, "tags": []}

    def _tree(self, name, revision, body):
        files = self._repository(name).files
        return [
            {"type": "file", "path": path, "size": len(content), "oid": "b" * 40}
            for path, content in files.items()
        ]

    def _resolve(self, name, revision, path, body):
        found = self._repository(name, revision)
        if found.gated:
            raise _RefusalError(403, "GatedRepo")
        return found.files[path]

    def _create(self, body):
        self._writer()
        asked = json.loads(body)
        name = f"{asked.get('organization') or 'mia'}/{asked['name']}"
        if name in self.hub.repositories:
            raise _RefusalError(409)
        if not name.startswith("mia/"):
            raise _RefusalError(403)
        private = asked.get("private", asked.get("visibility") == "private")
        self.hub.add(name, {}, private=private)
        return {"url": f"{self.hub.url}/{name}", "name": name, "id": name}

    def _preupload(self, name, body):
        self._writer()
        modes = {True: "lfs", False: "regular"}
        return {
            "files": [
                {
                    "path": one["path"],
                    "uploadMode": modes[self.hub.uses_lfs and "safetensors" in one["path"]],
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
        }

    def _lfs(self, name, body):
        self._writer()
        asked = json.loads(body)["objects"]
        return {
            "transfer": "basic",
            "objects": [
                {**one, "actions": {"upload": {"href": f"{self.hub.url}/blobs/{one['oid']}"}}}
                for one in asked
            ],
        }

    def _blob(self, oid, body):
        self.hub.blobs[oid] = body
        return {}

    def _commit(self, name, body):
        self._writer()
        files = self.hub.repositories[name].files
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
        return {"commitUrl": f"{self.hub.url}/{name}/commit/{SHA}", "commitOid": SHA}
