"""Is everything in order? Each check gives one finding: ok, warn or fail, what was seen, and what to do."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from generator import snapshots
from generator.automation.base import git
from generator.core import CapewatchError, Problem, counted
from generator.schema import Registry, check_registry

Level = Literal["ok", "warn", "fail"]
MIN_FREE = 1_000_000_000
SITE_LIMIT = 1_000_000_000
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)")
_OWNER = re.compile(r"[:/]([A-Za-z0-9-]+)/[A-Za-z0-9._-]+?(?:\.git)?$")


@dataclass(frozen=True)
class Finding:
    """check: what was looked at; level; seen: what was found; advice: what to do, empty when ok."""

    check: str
    level: Level
    seen: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def diagnose(root: Path, registry: Registry, *, on: dt.date, site_branch: str = "gh-pages") -> list[Finding]:
    """All findings, in the order a person would look. A check that cannot run is itself a finding, never an exception."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("environment", lambda: _environment(root)),
        ("dependencies", lambda: _dependencies(root)),
        ("disk", lambda: _disk(root)),
        ("git", lambda: _git(root)),
        ("files", lambda: _files(registry, on)),
        ("snapshots", lambda: _snapshots(root)),
        ("data age", lambda: _age(root, registry, on)),
        ("quarantine", lambda: _quarantine(root)),
        ("ledger chain", lambda: _chain(root)),
        ("site branch", lambda: _site(root, site_branch)),
        ("code owners", lambda: _owners(root)),
    ]
    found: list[Finding] = []
    for name, check in checks:
        try:
            found += check()
        except (CapewatchError, OSError, ValueError, KeyError) as error:
            found.append(Finding(name, "fail", f"could not be checked: {error}", "mend what the message names"))
    return found


def worst(found: list[Finding]) -> Level:
    levels = {item.level for item in found}
    return "fail" if "fail" in levels else "warn" if "warn" in levels else "ok"


def _environment(root: Path) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    wanted = importlib.metadata.metadata("capewatch")["Requires-Python"]
    yield Finding(
        "environment",
        "ok",
        f"Python {version} ({wanted}), capewatch {importlib.metadata.version('capewatch')}, {root.name}/",
    )


def _dependencies(root: Path) -> Iterator[Finding]:
    path = root / "constraints.txt"
    if not path.is_file():
        yield Finding("dependencies", "warn", "no constraints.txt: versions are not pinned", "restore it from history")
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    pins = {match[1]: match[2] for line in lines if (match := _PIN.match(line))}
    other = []
    for name, wanted in sorted(pins.items()):
        try:
            have = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a pin of an extra that is not installed here
        if have != wanted and have.split("+")[0] != wanted:
            other.append(f"{name} {have} (pinned {wanted})")
    if other:
        yield Finding(
            "dependencies", "warn", ", ".join(other), "numbers can differ in their last digits; run `make install`"
        )
    else:
        yield Finding("dependencies", "ok", f"as pinned ({len(pins)} pins)")


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    level: Level = "ok" if free >= MIN_FREE else "warn"
    yield Finding(
        "disk", level, f"{free / 1e9:.1f} GB free", "" if level == "ok" else "a build needs about 1 GB; free some"
    )


def _git(root: Path) -> Iterator[Finding]:
    head = git(root, "rev-parse", "--verify", "--quiet", "HEAD").decode().strip()
    if not head:
        yield Finding("git", "warn", "no git history here", "clone the repository: seals are dated by their commits")
        return
    if git(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        yield Finding(
            "git",
            "warn",
            f"commit {head[:12]}, shallow clone",
            "run `git fetch --unshallow`: ledgers are compared with history",
        )
        return
    changed = git(root, "status", "--porcelain", "--", "data", "predictions").decode().splitlines()
    if changed:
        yield Finding(
            "git", "warn", f"commit {head[:12]}, {len(changed)} uncommitted changes of data", "commit or undo them"
        )
    else:
        yield Finding("git", "ok", f"commit {head[:12]}, full history, data committed")


def _files(registry: Registry, on: dt.date) -> Iterator[Finding]:
    errors = [problem for problem in check_registry(registry, today=on) if problem.severity == "error"]
    if errors:
        yield Finding(
            "files", "fail", f"{counted(len(errors), 'error')}, first {_where(errors[0])}", "run `capewatch check`"
        )
    else:
        yield Finding(
            "files",
            "ok",
            f"{counted(len(registry.models), 'model')}, {counted(len(registry.sources), 'source')} readable",
        )


def _snapshots(root: Path) -> Iterator[Finding]:
    folder = root / "data" / "snapshots"
    problems = snapshots.verify(folder)
    if problems:
        yield Finding(
            "snapshots",
            "fail",
            f"{counted(len(problems), 'fault')}, first {_where(problems[0])}",
            "restore data/snapshots from history",
        )
    else:
        yield Finding("snapshots", "ok", f"{counted(len(snapshots.sources(folder)), 'source')}, every hash holds")


def _age(root: Path, registry: Registry, on: dt.date) -> Iterator[Finding]:
    folder = root / "data" / "snapshots"
    stale = []
    for name in snapshots.sources(folder):
        entry, age = registry.sources.get(name), snapshots.age(folder, name, on=on)
        if entry is not None and age is not None and age > entry.value.max_age_days:
            stale.append(f"{name} {age} of {entry.value.max_age_days} days")
    if stale:
        names = " ".join(item.split()[0] for item in stale)
        yield Finding("data age", "warn", f"stale: {', '.join(stale)}", f"run `capewatch pull {names}`")
    else:
        yield Finding("data age", "ok", f"no source is older than it may be on {on}")


def _quarantine(root: Path) -> Iterator[Finding]:
    notes = sorted((root / "build" / "quarantine").glob("*/*/note.json"))
    if notes:
        sources = sorted({path.parts[-3] for path in notes})
        yield Finding(
            "quarantine",
            "warn",
            f"payloads of {', '.join(sources)}",
            "read note.json in build/quarantine, then delete the folder",
        )
    else:
        yield Finding("quarantine", "ok", "empty")


def _chain(root: Path) -> Iterator[Finding]:
    from generator.predictions import verify

    problems = verify(root)
    if problems:
        yield Finding(
            "ledger chain",
            "fail",
            f"{counted(len(problems), 'fault')}, first {_where(problems[0])}",
            "restore predictions/ from history",
        )
    else:
        yield Finding("ledger chain", "ok", "every chain, anchor and seal holds")


def _site(root: Path, branch: str) -> Iterator[Finding]:
    refs = (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
    ref = next((name for name in refs if git(root, "rev-parse", "--verify", "--quiet", name)), "")
    if not ref:
        yield Finding(
            "site branch",
            "warn",
            f"no branch {branch} here",
            f"run `git fetch origin {branch}`, or publish for the first time",
        )
        return
    text = git(root, "show", f"{ref}:versions.json")
    versions: Any = json.loads(text) if text else []
    names = [str(item["version"]) for item in versions]
    if "dev" not in names:
        yield Finding("site branch", "warn", f"{branch} lists no version dev", "run `capewatch publish dev`")
        return
    listed = git(root, "ls-tree", "-r", "-l", ref).decode("utf-8", "replace").splitlines()
    size = sum(int(line.split()[3]) for line in listed if line.split()[3].isdigit())
    told = f"{branch}: {', '.join(names)}; {size / 1e6:.0f} MB"
    if size > 0.8 * SITE_LIMIT:
        yield Finding("site branch", "warn", told, "a forge serves about 1 GB: remove old versions")
    else:
        yield Finding("site branch", "ok", told)


def _owners(root: Path) -> Iterator[Finding]:
    path = root / ".github" / "CODEOWNERS"
    remote = git(root, "remote", "get-url", "origin").decode().strip()
    owner = _OWNER.search(remote)
    if not path.is_file() or owner is None:
        yield Finding(
            "code owners", "warn", "no CODEOWNERS file or no remote origin", "name who reviews data and ledgers"
        )
        return
    named = set(re.findall(r"@([A-Za-z0-9-]+)", path.read_text(encoding="utf-8")))
    if owner.group(1) in named:
        yield Finding("code owners", "ok", f"names @{owner.group(1)}")
    else:
        yield Finding("code owners", "warn", f"names {', '.join(sorted(named)) or 'nobody'}, the repository belongs to {owner.group(1)}",
                      "edit .github/CODEOWNERS: otherwise nobody is asked to review")  # fmt: skip


def _where(problem: Problem) -> str:
    return f"{problem.path}:{problem.line} {problem.code}"
