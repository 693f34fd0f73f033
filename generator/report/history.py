"""Change files: data/changes/<name>.json, one a version that was cut or a replay between two days, never rewritten.

A version's file compares it with the version before it. A replay compares the present data as they were public by two days,
computed by the code of its day; it is no published version and says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from generator.core import CapewatchError, Problem, canonical_json, write_atomic
from generator.report.bundle import Bundle
from generator.report.changes import Changes, compare
from generator.report.changes.records import Record

FOLDER = Path("data") / "changes"
Kind = Literal["version", "replay"]
_NAME = re.compile(r"\d{4}\.(0[1-9]|1[0-2])|\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}")


class ChangeFile(Record):
    """A change file: what it is, its name (``2026.11`` or ``2026-05-31_2026-06-30``), and the changes."""

    schema_version: Literal[1] = 1
    kind: Kind
    name: str
    changes: Changes

    def text(self) -> str:
        return canonical_json(self.model_dump(mode="json"))


def version_file(name: str, previous: str, old: Bundle, new: Bundle) -> ChangeFile:
    """The changes from the version `previous` to the version `name`."""
    return ChangeFile(kind="version", name=name, changes=compare(old, new, labels=(previous, name)))


def replay_file(old: Bundle, new: Bundle) -> ChangeFile:
    """The changes between two days of the present data."""
    return ChangeFile(kind="replay", name=f"{old.as_of}_{new.as_of}", changes=compare(old, new))


def write_changes(root: Path, made: ChangeFile) -> Path:
    """Write a change file. Raises CapewatchError when it is there with other content: change files are append-only."""
    path = root / FOLDER / f"{made.name}.json"
    text = made.text()
    if path.exists():
        if path.read_text(encoding="utf-8") == text:
            return path
        raise CapewatchError(
            f"{path.relative_to(root)} is there with other content; a change file is never rewritten",
            hint="if it was never published, delete it and write it again",
        )
    write_atomic(path, text)
    return path


def read_changes(root: Path) -> list[ChangeFile]:
    """Every change file, newest first. Raises CapewatchError naming a file that is damaged or misnamed."""
    found = [_read(root, path) for path in _paths(root)]
    return sorted(found, key=lambda item: (item.changes.new.as_of, item.kind == "version", item.name), reverse=True)


def check_changes(root: Path) -> list[Problem]:
    """A problem for each change file that is damaged or misnamed."""
    problems = []
    for path in _paths(root):
        try:
            _read(root, path)
        except CapewatchError as error:
            where = path.relative_to(root).as_posix()
            found = error.message.removeprefix(f"{where}: ")
            problems.append(Problem(where, 0, "change-file", "the file cannot be read", found, hint=error.hint))
    return problems


def _paths(root: Path) -> list[Path]:
    return sorted((root / FOLDER).glob("*.json"))


def _read(root: Path, path: Path) -> ChangeFile:
    where = path.relative_to(root).as_posix()
    try:
        item = ChangeFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CapewatchError(f"{where}: {place or 'file'}: {first['msg']}", hint="restore it from git") from None
    if item.name != path.stem or not _NAME.fullmatch(item.name):
        raise CapewatchError(
            f"{where}: its name is {item.name!r}", hint="a change file is named after its version or its two days"
        )
    return item


def changes_section(files: Sequence[ChangeFile]) -> dict[str, Any]:
    """The section `changes`: every change file as plain JSON."""
    return {"items": [item.model_dump(mode="json") for item in files]}
