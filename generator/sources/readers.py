"""Bytes → tables, trees and archive members, totally: a payload that cannot be read becomes one fatal rejection."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import yaml

from generator.core import CapewatchError
from generator.sources.rows import Rows

#: A zip of the leaderboards here has some fifty members and unpacks to a few megabytes.
MAX_MEMBERS = 500
MAX_MEMBER_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 256 * 2**20
MAX_RATIO = 200
#: The loader that keeps every scalar as text is slow, and the files it reads here are some hundred kilobytes.
MAX_YAML_BYTES = 4 * 2**20
_ENTRY = b"PK\x01\x02"  # stands before each entry of a zip's directory
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
T = TypeVar("T")


class _PlainLoader(yaml.BaseLoader):
    """Every scalar stays text (no dates, no octal numbers), and aliases are refused: they can unfold without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are refused")
        return super().compose_node(parent, index)


def tree(rows: Rows, name: str, data: bytes) -> Any:
    """JSON → objects; None after a rejection ``not-json``. NaN and infinities are not JSON."""
    return _read(rows, name, "not-json", lambda: json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant))


def toml(rows: Rows, name: str, data: bytes) -> Any:
    """TOML → dict; None after a rejection ``not-toml``."""
    return _read(rows, name, "not-toml", lambda: tomllib.loads(data.decode("utf-8-sig")))


def yaml_text(rows: Rows, name: str, data: bytes) -> Any:
    """YAML → lists, dicts and text; None after a rejection ``not-yaml``."""
    if len(data) > MAX_YAML_BYTES:
        rows.reject(name, "not-yaml", f"{len(data)} bytes, allowed {MAX_YAML_BYTES}")
        return None
    return _read(rows, name, "not-yaml", lambda: yaml.load(data.decode("utf-8-sig"), Loader=_PlainLoader))  # noqa: S506  # a BaseLoader builds text only


def table(
    rows: Rows, name: str, data: bytes, *, required: Sequence[str], known: Sequence[str] | None = None
) -> Iterator[tuple[str, dict[str, str]]]:
    """CSV → (locator, row) pairs; cells may hold newlines, a byte-order mark is skipped.

    A missing `required` column, a repeated column, or a column outside `known` (where given) rejects the file as
    ``unknown-columns``; a row with the wrong number of cells is rejected as ``ragged-row``.
    """
    records = _read(rows, name, "not-csv", lambda: _records(data))
    if not records:
        if records is not None:
            rows.reject(name, "unknown-columns", "no header")
        return
    header, *body = records
    missing = [column for column in required if column not in header]
    strange = [column for column in header if known is not None and column not in known]
    twice = sorted({column for column in header if header.count(column) > 1})
    if missing or strange or twice:
        parts = (("missing", missing), ("unknown", strange), ("twice", twice))
        rows.reject(name, "unknown-columns", "; ".join(f"{word}: {', '.join(found)}" for word, found in parts if found))
        return
    for position, cells in enumerate(body, start=1):
        if len(cells) == len(header):
            yield f"{name}#{position}", dict(zip(header, cells, strict=True))
        elif cells:
            rows.reject(f"{name}#{position}", "ragged-row", f"{len(cells)} cells, {len(header)} columns")


def members(rows: Rows, name: str, data: bytes) -> dict[str, bytes]:
    """A zip's files by path, guarded against bombs; empty after a rejection ``archive-refused`` or ``truncated``."""
    found: dict[str, bytes] = {}
    if data.count(_ENTRY) > 2 * MAX_MEMBERS:  # before the directory is read into memory
        rows.reject(name, "archive-refused", f"more than {MAX_MEMBERS} members")
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            refusal = _refusal(infos)
            if refusal:
                rows.reject(name, "archive-refused", refusal)
                return {}
            for info in infos:
                with archive.open(info) as stream:
                    content = stream.read(info.file_size + 1)
                if len(content) > info.file_size:
                    rows.reject(name, "archive-refused", f"{info.filename} is larger than it says")
                    return {}
                found[info.filename] = content
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        rows.reject(name, "truncated" if not data.startswith(b"<") else "archive-refused", str(error))
        return {}
    return found


def _refusal(infos: Sequence[zipfile.ZipInfo]) -> str:
    if len(infos) > MAX_MEMBERS:
        return f"{len(infos)} members, allowed {MAX_MEMBERS}"
    total = 0
    seen: set[str] = set()
    for info in infos:
        total += info.file_size
        if info.filename in seen:
            return f"{info.filename} is there twice"
        seen.add(info.filename)
        if info.compress_type not in _PACKED:
            return f"{info.filename}: packed in a way that is not read here"
        if info.flag_bits & 1:
            return f"{info.filename} is encrypted"
        if info.file_size > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
            return f"{info.filename}: unpacks to more than {MAX_MEMBER_BYTES} bytes, or all to {MAX_TOTAL_BYTES}"
        if info.file_size > MAX_RATIO * max(info.compress_size, 1) and info.file_size > 2**20:
            return f"{info.filename}: compression ratio above {MAX_RATIO}"
    return ""


def _records(data: bytes) -> list[list[str]]:
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    return [record for record in reader if record]


def _read(rows: Rows, name: str, reason: str, reader: Callable[[], T]) -> T | None:
    try:
        return reader()
    except (ValueError, csv.Error, yaml.YAMLError, RecursionError, CapewatchError) as error:
        rows.reject(name, reason, str(error))
        return None


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")
