"""Commit what the jobs append under data/, and push it without force. What was stored before is never replaced."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator import snapshots
from generator.core import CapewatchError, Problem, ProblemsFound

SNAPSHOTS = "data/snapshots"
#: One file a published version: what changed since the version before.
CHANGES = "data/changes"
FOLDERS = (SNAPSHOTS, CHANGES)
AUTHOR = ("-c", "user.name=capewatch rebuild", "-c", "user.email=rebuild@capewatch.invalid")
TRIES = 3
_TIMEOUT = 300
Outcome = Literal["nothing new", "committed", "pushed", "another run was first"]


@dataclass(frozen=True)
class Stored:
    """What `store` did: the outcome, and the commit that holds the data now."""

    outcome: Outcome
    commit: str
    sources: tuple[str, ...] = ()


def store(root: Path, *, day: str, push: bool = False, remote: str = "origin", branch: str = "main") -> Stored:
    """Commit data/snapshots and data/changes of the work tree at `root`, and push them to `remote`/`branch` when asked.

    Refused (ProblemsFound, CapewatchError; nothing is committed): a hash that does not hold, a manifest that does not
    continue the committed one, a source that is gone, a file of changes that differs from the committed one, other staged
    changes. A push that another run beat is repeated on top of it when only other files changed there; otherwise this run's
    rows are dropped ("another run was first"): the next pull reads them again. A branch whose history was rewritten is
    refused.
    """
    sources = changed_sources(root)
    if not sources:
        return Stored("nothing new", _git(root, "rev-parse", "HEAD"))
    problems = [*snapshots.verify(root / SNAPSHOTS), *not_continued(root)]
    if problems:
        raise ProblemsFound(problems)
    staged = _git(
        root, "diff", "--cached", "--name-only", "--", ".", *(f":(exclude){name}" for name in FOLDERS)
    ).splitlines()
    if staged:
        raise CapewatchError(
            f"{staged[0]}: staged, but not written by the jobs",
            hint="commit or unstage it first: git restore --staged .",
        )
    before = _git(root, "rev-parse", "HEAD")
    _git(root, "add", "--all", "--", *(name for name in FOLDERS if (root / name).exists()))
    _git(root, *AUTHOR, "commit", "--quiet", "-m", f"Data of {day}: {', '.join(sources)}")
    if not push:
        return Stored("committed", _git(root, "rev-parse", "HEAD"), sources)
    return _push(root, before, remote, branch, sources)


def changed_sources(root: Path) -> tuple[str, ...]:
    """Names of what differs from the last commit, sorted: sources, `unmatched` for that list, `changes` for data/changes."""
    listed = _git(root, "status", "--porcelain", "--no-renames", "-z", "--untracked-files=all", "--", *FOLDERS)
    names = set()
    for entry in filter(None, listed.split("\0")):
        path = Path(entry[3:])
        names.add(
            "changes" if path.is_relative_to(CHANGES) else path.relative_to(SNAPSHOTS).parts[0].removesuffix(".csv")
        )
    return tuple(sorted(names))


def not_continued(root: Path) -> list[Problem]:
    """Committed manifests that are not continued (their lines carry length and hash of every log), and changed files of changes."""
    problems = []
    for path in _git(root, "ls-tree", "-r", "--name-only", "HEAD", "--", *FOLDERS).splitlines():
        fixed = Path(path).is_relative_to(CHANGES)
        if not fixed and Path(path).name != "manifest.jsonl":
            continue
        committed = _raw(root, "show", f"HEAD:{path}")
        now = (root / path).read_bytes() if (root / path).is_file() else b""
        if now != committed if fixed else not now.startswith(committed):
            what = (
                "the file differs from the committed one"
                if fixed
                else "the manifest does not continue the committed one"
            )
            problems.append(
                Problem(
                    path, 0, "rewritten", what if now else "the file is gone",
                    allowed="no change" if fixed else "lines appended to it",
                    hint="restore it from the last commit: git restore data/snapshots data/changes",
                )
            )  # fmt: skip
    return problems


def _push(root: Path, before: str, remote: str, branch: str, sources: tuple[str, ...]) -> Stored:
    for _ in range(TRIES):
        if _try(root, "push", "--quiet", remote, f"HEAD:refs/heads/{branch}"):
            return Stored("pushed", _git(root, "rev-parse", "HEAD"), sources)
        _git(root, "fetch", "--quiet", remote, f"refs/heads/{branch}")
        theirs = _git(root, "rev-parse", "FETCH_HEAD")
        if not _try(root, "merge-base", "--is-ancestor", before, theirs):
            _git(root, "reset", "--quiet", "--soft", before)
            raise CapewatchError(
                f"{remote}/{branch}: its history was rewritten: {theirs[:12]} does not contain {before[:12]}",
                hint=f"find out who forced it; {before[:12]} still holds the data: git push {remote} {before[:12]}:refs/heads/NAME",
            )
        if theirs == before or _try(root, "diff", "--quiet", before, theirs, "--", *FOLDERS):
            _git(root, *AUTHOR, "rebase", "--quiet", "--autostash", theirs)
            before = theirs
            continue
        _git(root, "reset", "--quiet", "--keep", theirs)
        return Stored("another run was first", theirs, sources)
    raise CapewatchError(
        f"{remote}/{branch}: the push was refused {TRIES} times", hint="may this account push to the branch?"
    )


def _git(root: Path, *arguments: str) -> str:
    return _raw(root, *arguments).decode("utf-8", "surrogateescape").removesuffix("\n")


def _raw(root: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(root), "-c", "core.quotepath=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise CapewatchError(f"git {arguments[0]}: no answer within {_TIMEOUT} s") from None
    except FileNotFoundError:
        raise CapewatchError("git is not installed", hint="install git") from None
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CapewatchError(f"git {' '.join(word for word in arguments if not word.startswith('-'))[:80]}: "
                             f"{told[-1] if told else f'exit {done.returncode}'}")  # fmt: skip
    return done.stdout


def _try(root: Path, *arguments: str) -> bool:
    try:
        _raw(root, *arguments)
    except CapewatchError:
        return False
    return True
