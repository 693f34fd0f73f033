"""kill -9 at any moment leaves the last good state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.snapshots import append, read, verify
from tests.snapshots.readings import reading, row

ROOT = Path(__file__).resolve().parents[2]


def killing(root: Path, *how: str) -> dict[str, int]:
    """Run `killing.py` on an empty folder; it checks every state and reports what it did."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.snapshots.killing", str(root), *how]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, int] = json.loads(done.stdout)
    return result


def test_a_pull_killed_before_or_after_any_call_to_the_disk_leaves_the_old_or_the_new_state(tmp_path: Path) -> None:
    found = killing(tmp_path, "steps")
    assert found["kills"] >= 10
    assert found["torn"] >= 4


def test_writers_killed_at_random_moments_leave_the_last_committed_state(tmp_path: Path) -> None:
    found = killing(tmp_path, "random", "20")
    assert found["kills"] == 20
    assert found["committed"] > 2


@pytest.mark.slow
def test_two_hundred_killed_writers_in_a_row_never_lose_a_committed_pull(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = killing(tmp_path, "random", "200")
    with capsys.disabled():
        print(f"kill -9: {found}")
    assert found["torn"] > 0


@pytest.mark.parametrize("cut", range(24))
def test_every_prefix_of_an_unfinished_append_reads_as_the_state_before(tmp_path: Path, cut: int) -> None:
    """A torn write can stop after any byte: all 24 places of an evenly spaced sample give the old state."""
    before = reading(row("a", 0.5), row("b", 0.25))
    append(tmp_path, "board", before)
    log = tmp_path / "board" / "observations.csv"
    manifest = (tmp_path / "board" / "manifest.jsonl").read_bytes()
    committed = log.read_bytes()
    append(tmp_path, "board", reading(row("a", 0.6), row("c", 0.1)))
    whole = log.read_bytes()
    extra = len(whole) - len(committed)
    log.write_bytes(whole[: len(committed) + round(extra * cut / 23)])
    (tmp_path / "board" / "manifest.jsonl").write_bytes(manifest)
    assert sorted(read(tmp_path, "board")["value"]) == [0.25, 0.5]
    assert append(tmp_path, "board", before).pull is None
    assert verify(tmp_path) == []
    assert log.read_bytes() == committed
