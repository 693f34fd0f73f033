"""A log as a row of files below one mebibyte: `observations.csv`, `observations-002.csv`, …; read together they are the log.

Only the first file has the header. Rows are never split, so version control shows which rows a pull added.
"""

from __future__ import annotations

import os
from pathlib import Path

from generator.core import CapewatchError
from generator.snapshots.table import Table

SEGMENT_BYTES = 2**20


def paths(folder: Path, table: Table) -> list[Path]:
    """The files there are, in order."""
    first = folder / table.filename
    return [path for path in (first, *sorted(folder.glob(f"{table.name}-[0-9][0-9][0-9].csv"))) if path.is_file()]


def read_log(folder: Path, table: Table, length: int | None = None) -> bytes:
    """The first `length` bytes of the log (all without a length); CapewatchError when there are fewer."""
    if length == 0:
        return b""
    data = b"".join(path.read_bytes() for path in paths(folder, table))
    if length is not None and len(data) < length:
        raise CapewatchError(
            f"{folder / table.filename}: {len(data)} bytes, the manifest names {length}",
            hint="restore the file from version control",
        )
    return data[:length]


def append_log(folder: Path, table: Table, addition: bytes) -> None:
    """Append whole rows and fsync; a new file is begun where the last one would grow beyond SEGMENT_BYTES."""
    existing = paths(folder, table)
    number = max(len(existing), 1)
    start = 0
    while start < len(addition):
        path = _path(folder, table, number)
        room = SEGMENT_BYTES - (path.stat().st_size if path.is_file() else 0)
        end = len(addition) if len(addition) - start <= room else addition.rfind(b"\n", start, start + room) + 1
        if end <= start and room < SEGMENT_BYTES:
            number += 1
            continue
        if end <= start:  # one row longer than a whole file
            end = addition.find(b"\n", start) + 1
        with path.open("ab") as stream:
            stream.write(addition[start:end])
            stream.flush()
            os.fsync(stream.fileno())
        start = end


def truncate_log(folder: Path, table: Table, length: int) -> None:
    """Cut off everything behind `length` bytes; files left empty are removed."""
    for path in paths(folder, table):
        size = path.stat().st_size
        if length == 0 and size:
            path.unlink()
        elif size > length:
            with path.open("r+b") as stream:
                stream.truncate(length)
                os.fsync(stream.fileno())
        length = max(length - size, 0)


def _path(folder: Path, table: Table, number: int) -> Path:
    return folder / (table.filename if number == 1 else f"{table.name}-{number:03d}.csv")
