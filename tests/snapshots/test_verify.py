"""`verify` finds every kind of damage, and names file and pull."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.snapshots import append, read, verify
from tests.snapshots.readings import DAY, fact, reading, row


@pytest.fixture
def board(tmp_path: Path) -> Path:
    append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.25), facts=[fact("a", "family", "alpha")]))
    append(tmp_path, "board", reading(row("a", 0.6), row("b", 0.25), day=DAY + dt.timedelta(days=1)))
    assert verify(tmp_path) == []
    return tmp_path / "board"


def rewrite_line(board: Path, index: int, **fields: object) -> None:
    lines = [json.loads(line) for line in (board / "manifest.jsonl").read_text().splitlines()]
    lines[index] |= fields
    (board / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def edit(name: str, old: bytes, new: bytes) -> Callable[[Path], object]:
    def change(board: Path) -> None:
        data = (board / name).read_bytes()
        assert old in data
        (board / name).write_bytes(data.replace(old, new, 1))

    return change


DAMAGE: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a changed digit": (edit("observations.csv", b"0.25", b"0.26"), {"hash-differs"}),
    "a changed fact": (edit("facts.csv", b"alpha", b"gamma"), {"hash-differs"}),
    "a shortened log": (
        lambda board: (board / "observations.csv").write_bytes((board / "observations.csv").read_bytes()[:-5]),
        {"log-short"},
    ),
    "a missing log": (lambda board: (board / "facts.csv").unlink(), {"log-short"}),
    "a broken chain": (lambda board: rewrite_line(board, 1, replaces="0" * 64), {"chain-broken"}),
    "a wrong number": (lambda board: rewrite_line(board, 1, pull=7), {"pull-number", "count-differs"}),
    "a wrong count": (lambda board: rewrite_line(board, 1, changed=5), {"count-differs"}),
    "no JSON": (lambda board: (board / "manifest.jsonl").write_text("{\n"), {"manifest-broken"}),
    "an unknown field": (lambda board: rewrite_line(board, 0, surprise=1), {"manifest-broken"}),
    "an empty manifest": (lambda board: (board / "manifest.jsonl").write_text(""), {"manifest-empty"}),
    "a shrinking log": (lambda board: rewrite_line(board, 1, log_bytes=10), {"log-shrunk"}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_and_named(board: Path, name: str) -> None:
    damage, codes = DAMAGE[name]
    damage(board)
    problems = verify(board.parent)
    assert {problem.code for problem in problems} == codes
    assert all(problem.path.startswith("board/") for problem in problems)


def test_every_source_is_checked_and_all_problems_come_at_once(board: Path) -> None:
    append(board.parent, "other", reading(row("a", 0.5)))
    edit("observations.csv", b"0.25", b"0.26")(board)
    edit("observations.csv", b"0.5", b"0.7")(board.parent / "other")
    assert [problem.path.split("/")[0] for problem in verify(board.parent)] == ["board", "other"]
    assert [problem.path.split("/")[0] for problem in verify(board.parent, only=["other"])] == ["other"]


def test_a_log_with_other_columns_is_refused_with_the_expected_ones(board: Path) -> None:
    edit("observations.csv", b"model,benchmark", b"benchmark,model")(board)
    with pytest.raises(CapewatchError, match=r"observations.csv: unknown columns: benchmark,model") as failure:
        read(board.parent, "board")
    assert failure.value.hint.startswith("expected model,benchmark")
