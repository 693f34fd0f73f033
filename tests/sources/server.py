"""A local server that misbehaves on demand; every path is one fault."""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = b'{"rows": [' + b", ".join(b"%d" % i for i in range(500)) + b"]}"


@dataclass
class Board:
    """What the server has seen, and where it is."""

    url: str = ""
    hits: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    board: Board
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.board.hits[path] += 1
        self.board.headers.append(dict(self.headers))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"on_{path.strip('/').replace('-', '_')}")()

    def send(self, status: int, body: bytes = BODY, *, type_: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Type": type_, "Content-Length": str(len(body)), **named}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def on_good(self) -> None:
        self.send(200, ETag='"v1"', Last_Modified="Sat, 11 Apr 2026 00:00:00 GMT")

    def on_conditional(self) -> None:
        if self.headers.get("If-None-Match") == '"v1"':
            self.send(304, b"", ETag='"v1"')
        else:
            self.on_good()

    def on_moved(self) -> None:
        self.send(301, b"", Location="/good")

    def on_loop(self) -> None:
        self.send(302, b"", Location="/loop")

    def on_to_private(self) -> None:
        self.send(302, b"", Location="http://10.0.0.1/secret")

    def on_to_metadata(self) -> None:
        self.send(302, b"", Location="http://169.254.169.254/latest/meta-data/")

    def on_to_file(self) -> None:
        self.send(302, b"", Location="file:///etc/passwd")

    def on_to_localhost_name(self) -> None:
        self.send(302, b"", Location=f"http://localhost:{self.server.server_address[1]}/good")

    def on_missing(self) -> None:
        self.send(404, b"<!DOCTYPE html><html>not found</html>", type_="text/html")

    def on_page(self) -> None:
        self.send(200, b"<!DOCTYPE html><html>login</html>", type_="text/html; charset=utf-8")

    def on_disguised_page(self) -> None:
        self.send(200, b"\n<!DOCTYPE html><html>login</html>")

    def on_forbidden(self) -> None:
        self.send(401, b'{"error": "key"}')

    def on_teapot(self) -> None:
        self.send(418, b"{}")

    def on_busy(self) -> None:
        if self.board.hits["/busy"] == 1:
            self.send(429, b"{}", Retry_After="2")
        else:
            self.send(200)

    def on_busy_until(self) -> None:
        if self.board.hits["/busy-until"] == 1:
            later = self.date_time_string(int(time.time()) + 3)
            self.send(429, b"{}", Retry_After=later)
        else:
            self.send(200)

    def on_busy_for_an_hour(self) -> None:
        self.send(429, b"{}", Retry_After="3600")

    def on_shaky(self) -> None:
        self.send(500 if self.board.hits["/shaky"] == 1 else 200)

    def on_broken(self) -> None:
        self.send(503, b"{}")

    def on_gzip(self) -> None:
        self.send(200, gzip.compress(BODY), Content_Encoding="gzip")

    def on_cut_gzip(self) -> None:
        packed = gzip.compress(BODY)
        self.send(200, packed[: len(packed) // 2], Content_Encoding="gzip")

    def on_brotli(self) -> None:
        self.send(200, BODY, Content_Encoding="br")

    def on_gzip_bomb(self) -> None:
        self.send(200, gzip.compress(b"0" * 20_000_000), Content_Encoding="gzip")

    def on_huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(2 * 2**30))
        self.end_headers()
        self.wfile.write(b"[")

    def on_endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(5000):
            self.wfile.write(b"1000\r\n" + b"0" * 4096 + b"\r\n")

    def on_cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[:100])
        self.close_connection = True

    def on_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        for byte in BODY:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def on_drip_headers(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)

    def on_silent(self) -> None:
        time.sleep(1.5)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


@contextlib.contextmanager
def serving() -> Iterator[Board]:
    """Run the server on a free port of 127.0.0.1."""
    board = Board()
    handler = type("BoardHandler", (Handler,), {"board": board})
    server = QuietServer(("127.0.0.1", 0), handler)
    board.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield board
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
