"""`capewatch serve` as it starts: what it says before the first build ends, and a port that is taken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from generator.cli import serving
from generator.core import CapewatchError


class Stopped(Exception):
    """Ends the server once it is up."""


def test_it_says_that_it_builds_before_it_builds_and_then_where_it_serves(project, monkeypatch, capsys):
    told: list[str] = []

    def build(root: Path, **options: object) -> str:
        told.append(capsys.readouterr().out)
        (root / "site").mkdir()
        (root / "site" / "index.html").write_text("x")
        return f"built for {options['site_url']}"

    def stop(_seconds: float) -> None:
        raise Stopped

    monkeypatch.setattr(serving, "run_build", build)
    monkeypatch.setattr(serving.time, "sleep", stop)
    with pytest.raises(Stopped):
        serving.serve_forever(project.root, host="127.0.0.1", port=free_port())
    assert told == ["building the site, which is then served …\n"]
    built, served = capsys.readouterr().out.splitlines()
    assert built.startswith("built for http://127.0.0.1:")
    assert served.startswith("serving http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_before_anything_is_built(project, monkeypatch, capsys):
    monkeypatch.setattr(serving, "run_build", lambda *_words, **_options: pytest.fail("built"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CapewatchError, match="cannot serve on"):
            serving.serve_forever(project.root, host="127.0.0.1", port=other.getsockname()[1])
    assert capsys.readouterr().out == ""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
