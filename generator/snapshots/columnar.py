"""The committed log of a source as one Parquet file, made a segment at a time: for queries over more than fits into memory.

The file is a copy: the log of events stays what counts. It is named by the digest of the log it was made from, and that digest is
checked while it is made.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow
from pyarrow import csv, parquet

from generator.core import CapewatchError
from generator.snapshots.manifest import read_manifest
from generator.snapshots.segments import paths
from generator.snapshots.table import OBSERVATIONS


def as_parquet(root: Path, source: str, cache: Path) -> Path | None:
    """The committed observations log of `source` below `root` (= data/snapshots) as Parquet in `cache`, columns of text in the
    order of recording; None when no row was ever recorded. Raises CapewatchError when the log is not what the manifest names."""
    folder = root / source
    pulls = read_manifest(folder)
    if not pulls or not pulls[-1].log_bytes:
        return None
    last = pulls[-1]
    target = cache / f"{source}-{last.log_sha256}.parquet"
    if target.is_file():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}.tmp")
    schema = pyarrow.schema([(name, pyarrow.string()) for name in OBSERVATIONS.columns])
    digest = hashlib.sha256()
    try:
        with fresh.open("wb") as sink, parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
            for part in _segments(folder, last.log_bytes):
                digest.update(part)
                writer.write_table(_table(part, schema, subject=str(folder)))
        if digest.hexdigest() != last.log_sha256:
            raise CapewatchError(
                f"{folder}: the log is not the one that the manifest names",
                hint="`capewatch pull --verify` names the fault; restore the file from version control",
            )
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    for old in cache.glob(f"{source}-*.parquet"):
        if old != target and len(old.stem) == len(target.stem):
            old.unlink()
    return target


def _segments(folder: Path, length: int) -> Iterator[bytes]:
    for path in paths(folder, OBSERVATIONS):
        data = path.read_bytes()[:length]
        length -= len(data)
        if data:
            yield data


def _table(part: bytes, schema: pyarrow.Schema, *, subject: str) -> pyarrow.Table:
    body = part.removeprefix(OBSERVATIONS.header)
    if not body:
        return schema.empty_table()
    try:
        return csv.read_csv(
            pyarrow.BufferReader(body),
            csv.ReadOptions(column_names=schema.names),
            convert_options=csv.ConvertOptions(column_types=schema, strings_can_be_null=False),
        )
    except pyarrow.ArrowException as error:
        raise CapewatchError(f"{subject}: not a log: {error}", hint="restore the file from version control") from None
