"""Append-only JSON lines in which each line carries the hash of the one before and its own.

A line is canonical JSON (sorted keys, no spaces, one newline) of: sequence (1, 2, …), at (instant in UTC), event, prediction,
body, previous (hash of the line before; 64 zeros for the first) and hash (sha256 of the canonical JSON of all the rest).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core import Problem, canonical_json, sha256_bytes

GENESIS = "0" * 64
KEYS = ("at", "body", "event", "hash", "prediction", "previous", "sequence")
_AT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")
MAX_BYTES = 20_000_000


@dataclass(frozen=True)
class Line:
    """One event of a chain. at: instant in UTC; body: what the event says; hash: its own hash."""

    sequence: int
    at: str
    event: str
    prediction: str
    body: Mapping[str, Any]
    previous: str
    hash: str

    @property
    def text(self) -> str:
        """The line as it stands in the file, with its newline."""
        return canonical_json({name: getattr(self, name) for name in KEYS})


@dataclass(frozen=True)
class Chain:
    """lines: the sound lines up to the first fault; problems: what is wrong, with line numbers; raw: the bytes read."""

    path: str
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]
    raw: bytes = b""

    @property
    def head(self) -> str:
        """Hash of the last line; GENESIS for an empty chain."""
        return self.lines[-1].hash if self.lines else GENESIS


def next_line(chain: Chain, *, at: str, event: str, prediction: str, body: Mapping[str, Any]) -> Line:
    """The line that would follow; nothing is written."""
    rest: dict[str, Any] = {
        "at": at,
        "body": dict(body),
        "event": event,
        "prediction": prediction,
        "previous": chain.head,
        "sequence": len(chain.lines) + 1,
    }
    return Line(hash=sha256_bytes(canonical_json(rest)), **rest)


def read_chain(path: Path, *, shown_as: str) -> Chain:
    """Read and verify one chain; a missing file is an empty chain. Faults never raise."""
    if path.is_symlink():
        return Chain(
            shown_as, (), (Problem(shown_as, 0, "symlink", "the ledger is a symbolic link", allowed="a plain file"),)
        )
    if not path.is_file():
        return Chain(shown_as, (), ())
    if path.stat().st_size > MAX_BYTES:
        return Chain(
            shown_as,
            (),
            (Problem(shown_as, 0, "file-too-large", "the ledger is too large", allowed=f"{MAX_BYTES:,} bytes"),),
        )
    return parse_chain(path.read_bytes(), shown_as=shown_as)


def parse_chain(raw: bytes, *, shown_as: str) -> Chain:
    """Verify the bytes of a chain line by line; what follows a fault is not trusted and not read."""
    lines: list[Line] = []
    previous = GENESIS
    *ended, tail = raw.split(b"\n")
    for number, text in enumerate([*ended, tail], start=1):
        if number > len(ended):
            if tail:
                return _fault(
                    shown_as,
                    lines,
                    raw,
                    number,
                    "broken-chain",
                    "the last line is cut off: it does not end with a newline",
                )
            break
        line, problem = _line(text, shown_as, number)
        if line is None:
            assert problem is not None
            return Chain(shown_as, tuple(lines), (problem,), raw)
        if line.previous != previous or line.sequence != number:
            return _fault(
                shown_as, lines, raw, number, "broken-chain", "a line was removed, inserted or moved: it does not follow the line before",
                found=f"line {line.sequence} after {line.previous[:12]}", allowed=f"line {number} after {previous[:12]}",
            )  # fmt: skip
        if lines and line.at < lines[-1].at:
            return _fault(
                shown_as,
                lines,
                raw,
                number,
                "back-dated",
                "an event is earlier than the one before it",
                found=line.at,
                allowed=f"from {lines[-1].at}",
            )
        lines.append(line)
        previous = line.hash
    return Chain(shown_as, tuple(lines), (), raw)


def _line(text: bytes, path: str, number: int) -> tuple[Line | None, Problem | None]:
    def fault(code: str, subject: str) -> tuple[None, Problem]:
        hint = "restore the file from history; a ledger is only ever appended to"
        return None, Problem(path, number, code, subject, hint=hint)

    try:
        data = json.loads(text.decode("utf-8"), parse_constant=_refuse)
    except (UnicodeDecodeError, ValueError, RecursionError):
        return fault("altered-line", "the line is not JSON")
    if not isinstance(data, dict) or tuple(sorted(data)) != KEYS or not _typed(data):
        return fault("altered-line", "the line does not have the keys of an event")
    line = Line(**data)
    try:
        canonical = line.text.encode("utf-8")
    except (ValueError, UnicodeEncodeError):
        return fault("altered-line", "the line holds something that JSON cannot carry")
    if canonical != text + b"\n":
        return fault("altered-line", "the line is not in canonical form")
    rest = {name: value for name, value in data.items() if name != "hash"}
    if sha256_bytes(canonical_json(rest)) != line.hash:
        return fault("altered-line", "the line does not have the hash it states: it was altered")
    return line, None


def _typed(data: Mapping[str, Any]) -> bool:
    texts = all(isinstance(data[name], str) for name in ("at", "event", "hash", "prediction", "previous"))
    number = isinstance(data["sequence"], int) and not isinstance(data["sequence"], bool)
    return texts and number and isinstance(data["body"], dict) and bool(_AT.fullmatch(data["at"]))


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _fault(
    path: str,
    lines: list[Line],
    raw: bytes,
    number: int,
    code: str,
    subject: str,
    *,
    found: str = "",
    allowed: str = "",
) -> Chain:
    hint = "restore the file from history; a ledger is only ever appended to"
    return Chain(
        path, tuple(lines), (Problem(path, number, code, subject, found=found, allowed=allowed, hint=hint),), raw
    )
