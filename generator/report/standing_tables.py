"""Tables that need not be written again: the files in the bundle's folder are those of the same rows.

The record   {table: {state, csv: sha256 of the CSV, files: {suffix: sha256}}}
`state` names all that a table's files are made of: rows, types, fields and words, the day, this code and the libraries that write.
A table counts as written only when all its files lie there with the bytes they had.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.core import CapewatchError, canonical_json, read_json, sha256_bytes, sha256_file, write_if_changed
from generator.report.frames import frame_digest

if TYPE_CHECKING:
    from generator.report.bundle import Table

SUFFIXES = ("json", "csv", "parquet")
_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = ("core/files.py", "report/bundle.py", "report/frames.py", "report/standing_tables.py")


class StandingTables:
    """The tables that the write before left in `folder`, as `record` names them; without a record there is none."""

    def __init__(self, folder: Path, record: Path | None, *, as_of: str) -> None:
        self._folder, self._record, self._as_of = folder, record, as_of
        self._states: dict[str, str] = {}
        self._before: Mapping[str, Mapping[str, Any]] = _read(record)

    def stands(self, table: Table) -> bool:
        """Whether the table's files are there as they would be written; the digest of its CSV is then told to it."""
        if self._record is None:
            return False
        self._states[table.name] = state(table, self._as_of)
        before = self._before.get(table.name)
        if before is None or before["state"] != self._states[table.name]:
            return False
        if any(_digest(self._path(table.name, suffix)) != before["files"].get(suffix) for suffix in SUFFIXES):
            return False
        table.know_csv(before["csv"])
        return True

    def save(self, tables: Mapping[str, Table]) -> None:
        """Remember the tables, all of which are written by now."""
        if self._record is None:
            return
        kept = {
            name: {
                "state": self._states[name],
                "csv": table.csv_sha256,
                "files": {suffix: _digest(self._path(name, suffix)) for suffix in SUFFIXES},
            }
            for name, table in tables.items()
        }
        write_if_changed(self._record, canonical_json(kept))

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / "tables" / f"{name}.{suffix}"


def state(table: Table, as_of: str) -> str:
    """sha256 of all that the table's files are made of."""
    words = [table.name, table.title, table.description, table.licence, [field.as_dict() for field in table.fields]]
    return sha256_bytes(canonical_json([words, as_of, frame_digest(table.frame), _surroundings()]))


@cache
def _surroundings() -> list[Any]:
    versions = [importlib.metadata.version(name) for name in ("numpy", "pandas", "pyarrow")]
    return [sys.version, versions, [sha256_file(_PACKAGE / name) for name in _CODE]]


def _read(record: Path | None) -> Mapping[str, Mapping[str, Any]]:
    if record is None or not record.is_file():
        return {}
    try:
        found: Mapping[str, Mapping[str, Any]] = read_json(record)
    except CapewatchError:  # a damaged cache is no cache
        return {}
    return found


def _digest(path: Path) -> str:
    return sha256_file(path) if path.is_file() else ""
