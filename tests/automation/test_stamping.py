"""Timestamps of seals: asked of a calendar on this machine, checked, never replaced, and never in the way."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from generator.automation.stamping import MAX_ANSWER, PENDING, proof_of, unstamped
from generator.cli.main import cli
from generator.predictions.timestamps import parse_proof
from tests.predictions.registries import codes, registry

PROMISE = b"\xf0\x10" + b"n" * 16 + b"\x08\x00" + PENDING + b"\x2d" + b"https://calendar.example"


@pytest.fixture
def calendar():
    """A calendar: `answer` (status, bytes) is what it says, `asked` what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            status, body = self.server.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answer = [], (200, PROMISE)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(root, server, *words):
    return CliRunner().invoke(
        cli, ["--root", str(root), "stamp", "--calendar", f"http://127.0.0.1:{server.server_port}", *words]
    )


@pytest.fixture
def root(tmp_path):
    (tmp_path / "data").mkdir()
    return registry(tmp_path)


def test_every_seal_without_a_proof_is_stamped_with_its_own_hash_and_nothing_else_is_sent(root, calendar):
    wanted = unstamped(root)
    assert [identity for identity, _ in wanted] == ["one", "two"]
    done = run(root, calendar)
    assert done.exit_code == 0
    assert calendar.asked == [("/digest", bytes.fromhex(digest)) for _, digest in wanted]
    for identity, digest in wanted:
        assert parse_proof((root / "predictions" / identity / "seal.ots").read_bytes()).digest == digest
    assert codes(root) == set()
    assert unstamped(root) == []


def test_a_proof_is_never_replaced(root, calendar):
    run(root, calendar)
    before = (root / "predictions/one/seal.ots").read_bytes()
    calendar.answer = (200, PROMISE + b"other")
    assert run(root, calendar).output == "every seal has its proof\n"
    assert (root / "predictions/one/seal.ots").read_bytes() == before


@pytest.mark.parametrize(
    "answer",
    [(500, b"down"), (200, b""), (200, b"<html>"), (200, PENDING + b"x" * 20_000), (302, PROMISE)],
    ids=range(5),
)
def test_a_calendar_that_fails_is_a_visible_warning_and_writes_nothing(root, calendar, answer):
    calendar.answer = answer
    done = run(root, calendar)
    assert done.exit_code == 0
    assert done.output.count("::warning title=seal not stamped::") == 2
    assert not list(root.rglob("seal.ots"))
    assert run(root, calendar, "--strict").exit_code == 1


def test_where_one_calendar_fails_the_next_is_asked(root, calendar):
    good = f"http://127.0.0.1:{calendar.server_port}"
    done = CliRunner().invoke(
        cli, ["--root", str(root), "stamp", "--calendar", "http://127.0.0.1:1", "--calendar", good]
    )
    assert "warning" not in done.output
    assert unstamped(root) == []


def test_only_a_promise_of_limited_length_makes_a_proof():
    assert parse_proof(proof_of("ab" * 32, PROMISE)).operations == PROMISE
    for answer in (b"", b"no promise", PENDING + b"x" * MAX_ANSWER):
        with pytest.raises(ValueError, match="no promise"):
            proof_of("ab" * 32, answer)
