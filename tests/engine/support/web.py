"""A web server on this computer that behaves as told, over http or https.

It can serve ranges, break connections, redirect, refuse, and act as a model hub.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# A certificate for localhost that signs itself, and its key; made for tests, and trusted by nobody.
CERTIFICATE = Path(__file__).with_name("localhost.pem")


@dataclass
class Site:
    """What the server has and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)  # path -> content
    # Path -> the bytes after which each connection breaks off.
    breaks: dict[str, list[int]] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)  # path -> refuse with this
    redirects: dict[str, str] = field(default_factory=dict)  # path -> address
    ranges: bool = True
    token: str = ""  # that every request must carry
    port: int = 0
    scheme: str = "http"
    # Paths and headers of the requests.
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def add_repository(self, name: str, files: dict[str, bytes], *, commit: str = "c0ffee") -> None:
        """Add a repository's files, and the hub's description of it.

        `commit` is its only commit, and "main" too. Files over 1000 bytes are "large" ones.
        """
        siblings = []
        for path, content in files.items():
            entry = {"rfilename": path, "size": len(content)}
            if len(content) > 1000:
                entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            siblings.append(entry)
            self.files[f"/{name}/resolve/{commit}/{path}"] = content
        answer = json.dumps({"id": name, "sha": commit, "gated": False, "siblings": siblings})
        for revision in ("main", commit):
            self.files[f"/api/models/{name}/revision/{revision}?blobs=true"] = answer.encode()


@contextmanager
def serve(*, tls: bool = False) -> Iterator[Site]:
    site = Site(scheme="https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            """As a proxy: it is asked to connect to somebody, and refuses."""
            site.seen.append((self.path, dict(self.headers)))
            self.send_error(502)

        def do_GET(self) -> None:
            site.seen.append((self.path, dict(self.headers)))
            if self.path in site.redirects:
                self.send_response(302)
                self.send_header("Location", site.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            code = site.status.get(self.path, 200 if self.path in site.files else 404)
            if site.token and self.headers.get("Authorization") != f"Bearer {site.token}":
                code = 401
            if code != 200:
                self.send_error(code)
                return
            content, start = site.files[self.path], 0
            if site.ranges and (asked := self.headers.get("Range")):
                start = int(asked.removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            count = site.breaks[self.path].pop(0) if site.breaks.get(self.path) else len(content)
            self.wfile.write(content[start : start + count])
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_port
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    # A client that hangs up is no news.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
