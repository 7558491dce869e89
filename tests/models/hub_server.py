"""A server on this machine that speaks as much of the Hub's API as a download needs."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = hashlib.sha1(b"commit").hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, *, with_body):
        path = self.path.partition("?")[0].strip("/")
        kept = self.server.kept
        kept["asked"].append((self.command, path, self.headers.get("Range")))
        kept["tokens"].add(self.headers.get("Authorization"))
        if path.startswith("api/models/"):
            self.send_json(self.described(path.removeprefix("api/models/")))
        else:
            self.send_file(path.partition("/resolve/")[2].partition("/")[2], with_body=with_body)

    def described(self, path):
        files = self.server.kept["files"]
        if "/tree/" in path:
            return [{"type": "file", "path": n, "size": len(d), "oid": n} for n, d in files.items()]
        siblings = [{"rfilename": name} for name in files]
        return {"id": "owner/model", "sha": COMMIT, "siblings": siblings}

    def send_json(self, data):
        self.send_body(json.dumps(data).encode(), {"Content-Type": "application/json"})

    def send_file(self, name, *, with_body):
        data = self.server.kept["files"].get(name)
        headers = {"X-Repo-Commit": COMMIT}
        if data is None:
            self.send_body(b"", headers | {"X-Error-Code": "EntryNotFound"}, status=404)
            return
        etag = hashlib.sha256(data).hexdigest()
        headers |= {"ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        begin = int((self.headers.get("Range") or "bytes=0-")[6:].partition("-")[0])
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        self.send_body(
            data[begin:], headers, status=206 if begin else 200, with_body=with_body, name=name
        )

    def send_body(self, data, headers, *, status=200, with_body=True, name=""):
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if not with_body:
            return
        cuts = self.server.kept["cuts"]
        if cuts.get(name):  # the connection breaks half way, so many times
            cuts[name] -= 1
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def hub_with(files):
    """Serve files of the model owner/model; yield the address and what is kept of the requests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.kept = {"files": files, "asked": [], "tokens": set(), "cuts": {}}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.kept
    finally:
        server.shutdown()
        server.server_close()


def files_of(folder):
    """Read a diffusers folder as the Hub would hold it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
