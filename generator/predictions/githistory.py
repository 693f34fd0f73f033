"""What git remembers of a file, where git is there: every committed version, oldest first, with its author time."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT = 60


@dataclass(frozen=True)
class Version:
    """commit: its id; at: author time (UTC); content: the bytes of the file, empty where it was deleted."""

    commit: str
    at: dt.datetime
    content: bytes


def has_history(root: Path) -> bool:
    """Whether `root` lies in a git work tree with at least one commit and its full history."""
    inside = _git(root, ["rev-parse", "--verify", "--quiet", "HEAD"])
    shallow = _git(root, ["rev-parse", "--is-shallow-repository"])
    return bool(inside) and shallow is not None and shallow.strip() == b"false"


def versions(root: Path, path: str) -> list[Version]:
    """Every committed version of `path` (relative to root), oldest first; empty without git or history."""
    log = _git(root, ["log", "--reverse", "--format=%H %at", "--", path])
    if not log:
        return []
    commits = [line.split() for line in log.decode("ascii").splitlines() if line]
    asked = "".join(f"{commit}:./{path}\n" for commit, _ in commits).encode()
    answer = _git(root, ["cat-file", "--batch"], given=asked)
    if answer is None:
        return []
    contents = _batch(answer, len(commits))
    return [
        Version(commit, dt.datetime.fromtimestamp(int(when), tz=dt.UTC), content)
        for (commit, when), content in zip(commits, contents, strict=True)
    ]


def _batch(answer: bytes, number: int) -> list[bytes]:
    """Contents out of `git cat-file --batch`: a header line, the bytes, a newline; or `… missing`."""
    contents, position = [], 0
    for _ in range(number):
        end = answer.index(b"\n", position)
        header = answer[position:end]
        position = end + 1
        if header.endswith(b" missing"):
            contents.append(b"")
            continue
        size = int(header.rsplit(b" ", 1)[1])
        contents.append(answer[position : position + size])
        position += size + 1
    return contents


def _git(root: Path, arguments: Sequence[str], *, given: bytes | None = None) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], input=given, capture_output=True, timeout=_TIMEOUT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
