"""The leaderboards of the rehearsal: their true state of each day, what the server answers, and how it misbehaves."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

START = dt.date(2026, 6, 1)
SWEBENCH = "/raw.githubusercontent.com/SWE-bench/swe-bench.github.io/master/data/leaderboards.json"
AIDER = "/raw.githubusercontent.com/Aider-AI/aider/main/aider/website/_data/polyglot_leaderboard.yml"
AIDER_EDIT = "/raw.githubusercontent.com/Aider-AI/aider/main/aider/website/_data/edit_leaderboard.yml"
PATHS = {"swebench": (SWEBENCH,), "aider": (AIDER, AIDER_EDIT)}
MODELS = tuple(f"m{number:02d}" for number in range(1, 13))
Scores = dict[str, tuple[float, str]]


@dataclass
class Boards:
    """What the boards truly say: source -> model -> (score in percent, day of the row). `lite` goes at retirement."""

    swebench: Scores = field(default_factory=dict)
    aider: Scores = field(default_factory=dict)
    lite: Scores = field(default_factory=dict)

    def advance(self, day: dt.date) -> None:
        """The state of the next day: on each board one score rises, and a model may be new."""
        step, shown = (day - START).days, day.isoformat()
        if not self.swebench:
            self.swebench = {model: (40.0 + 2 * index, shown) for index, model in enumerate(MODELS[:10])}
            self.aider = {model: (30.0 + 3 * index, shown) for index, model in enumerate(MODELS[:10])}
            self.lite = {"m01": (50.0, shown), "m02": (55.0, shown)}
            return
        for scores, index, gain in ((self.swebench, step % 10, 1.5), (self.aider, (3 * step) % 10, 0.5)):
            scores[MODELS[index]] = (scores[MODELS[index]][0] + gain, shown)
        if step == 4:
            self.swebench["m11"] = (61.0, shown)
        if step == 20:
            self.aider["m12"] = (62.0, shown)

    def body(self, path: str, *, scale: float = 1.0) -> bytes:
        """The answer for one address; `scale` other than 1 is a change of unit."""
        if path == SWEBENCH:
            boards = [("bash-only", self.swebench)] + ([("Lite", self.lite)] if self.lite else [])
            shown = [
                {"name": name, "results": [_entry(model, score * scale, day) for model, (score, day) in scores.items()]}
                for name, scores in boards
            ]
            return json.dumps({"leaderboards": shown}).encode()
        rows = self.aider if path == AIDER else {"m01": (20.0, START.isoformat())}
        runs = [
            {
                "model": f"aider {model}",
                "pass_rate_2": round(score * scale, 4),
                "edit_format": "diff",
                "date": day,
                "test_cases": 225,
            }
            for model, (score, day) in rows.items()
        ]
        return yaml.safe_dump(runs).encode()


def _entry(model: str, score: float, day: str) -> dict[str, object]:
    return {
        "name": f"agent {model}",
        "resolved": score,
        "date": day,
        "tags": [f"Model: Board {model}"],
        "site": "https://example.org",
        "checked": True,
    }


class Server:
    """Serves the boards; `faults` says for a source how it misbehaves today."""

    def __init__(self, boards: Boards) -> None:
        self.boards = boards
        self.faults: dict[str, str] = {}
        self.asked: dict[str, int] = {}

    @contextmanager
    def running(self) -> Iterator[str]:
        """The address, with a slash at its end."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Silent."""

            def do_GET(self) -> None:
                outer.answer(self)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        fault = next((self.faults.get(source, "") for source, paths in PATHS.items() if path in paths), "")
        self.asked[path] = self.asked.get(path, 0) + 1
        type_ = "application/json" if path == SWEBENCH else "text/yaml"
        body = self.boards.body(path, scale=0.01 if fault == "unit" else 1.0)
        if fault == "range":
            body = body.replace(b'"resolved": ', b'"resolved": 9', 1)
        if fault == "jump":
            first = next(iter(self.boards.aider.values()))[0]
            body = body.replace(f"pass_rate_2: {first}".encode(), f"pass_rate_2: {first + 40}".encode(), 1)
        if fault == "busy" and self.asked[path] == 1:
            return self.send(request, 429, b"slow down", "text/plain", Retry_After="0")
        if fault == "down":
            return self.send(request, 503, b"", "text/plain")
        if fault == "page":
            return self.send(request, 200, b"<!doctype html><p>Sign in</p>", "text/html")
        if fault == "cut":
            return self.send(request, 200, body[: len(body) // 2], type_, length=len(body))
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == tag:
            return self.send(request, 304, b"", type_, ETag=tag)
        return self.send(request, 200, body, type_, ETag=tag)

    @staticmethod
    def send(
        request: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        type_: str,
        *,
        length: int | None = None,
        **headers: str,
    ) -> None:
        request.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {
            "Content-Type": type_,
            "Content-Length": str(len(body) if length is None else length),
            **named,
        }.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
