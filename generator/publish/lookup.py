"""OLD and NEW of a comparison: a bundle folder or file, a published version, a day, a git revision, or `now`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator.core import WrongCall, counted
from generator.publish.branch import BRANCH, Target, Versions
from generator.publish.checkout import check_out
from generator.publish.git import Repository
from generator.publish.names import DEV, LATEST, is_cut
from generator.report.bundle import Bundle
from generator.report.packed import read_any

NOW = "now"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Builds a bundle of the project in a folder, as of a day (None: the newest in its data).
Build = Callable[[Path, dt.date | None], Bundle]


@dataclass(frozen=True)
class Named:
    """A bundle and what it is called; `note` says what a reader must know of how it was made."""

    label: str
    bundle: Bundle
    note: str = ""


def find(name: str, *, project: Path, build: Build, branch: str = BRANCH) -> Named:
    """The bundle that `name` names. Raises WrongCall, with near matches, when it names none."""
    if name == NOW:
        return Named(NOW, build(project, None), f"{NOW}: computed from data/ and predictions/ as they are")
    path = Path(name)
    if path.exists():
        return Named(name, read_any(path))
    if _DAY.fullmatch(name):
        return _replay(name, project, build)
    repository = Repository(project)
    if name in (DEV, LATEST) or is_cut(name):
        versions = Versions(repository, Target(branch=branch))
        return Named(name, versions.bundle(name))
    if "/" in name and path.parent.is_dir() and repository.commit_of(name) is None:
        there = sorted(item.name for item in path.parent.iterdir() if item.is_dir())
        raise WrongCall(f"{name}: no such folder", hint=f"in {path.parent} there are: {', '.join(there[:8]) or 'none'}")
    made = check_out(repository, name, into=project / "build" / "at")
    note = f"{name}: data of commit {made.commit[:12]}, numbers by the present code"
    if made.other_code:
        note += f" ({counted(len(made.other_code), 'file')} of the code not as in that commit)"
    return Named(name, build(made.folder, None), note)


def _replay(name: str, project: Path, build: Build) -> Named:
    try:
        day = dt.date.fromisoformat(name)
    except ValueError:
        raise WrongCall(f"{name!r} is not a day of the calendar") from None
    return Named(name, build(project, day), f"{name}: replayed from the present data, by the present code")
