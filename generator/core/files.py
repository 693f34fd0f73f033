"""Atomic writes, digests and JSON whose bytes depend only on the value."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from generator.core.errors import CapewatchError

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write through a temporary file in the same folder, fsync, rename: readers see the old bytes or the new ones."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_if_changed(path: Path, content: bytes | str) -> bool:
    """Write a derived file only when its bytes differ; True when written. Not fsynced: a build can be run again."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)
    return True


def names_below(folder: Path) -> Iterator[str]:
    """Every file below a folder by its path from there, parts joined by ``/``, in no order: links to files too, what lies in linked
    folders not. Nothing where there is no folder."""
    return _names(os.fspath(folder), "")


def _names(folder: str, before: str) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _names(entry.path, f"{before}{entry.name}/")
            elif Path(entry.path).is_file() if entry.is_symlink() else entry.is_file(follow_symlinks=False):
                yield f"{before}{entry.name}"


def sha256_bytes(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def sha256_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Any, *, indent: int | None = None) -> str:
    """JSON with sorted keys and a final newline; a NaN or an infinity is an error, never written."""
    try:
        if indent is None:
            text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        else:
            text = _indented(value, " " * indent, "\n")
    except ValueError:
        _refuse_non_finite(value, "$")
        raise
    return text + "\n"


def write_json(path: Path, value: Any, *, indent: int | None = 1) -> bool:
    return write_if_changed(path, canonical_json(value, indent=indent))


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CapewatchError(f"{path}: no such file") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CapewatchError(f"{path}: not JSON: {error}") from None


def _indented(value: Any, step: str, newline: str) -> str:
    """What `json.dumps` writes with an indent. It goes token by token and holds all tokens of a text at once; this goes container
    by container, in half the time."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if value is None:
        return "null"
    if kind is int or (kind is float and math.isfinite(value)):
        return repr(value)
    if not value or not isinstance(value, dict | list | tuple):
        return _ENCODER.encode(value)
    inner = newline + step
    if isinstance(value, dict):
        items = [
            f"{encode_basestring(key if isinstance(key, str) else _ENCODER.encode(key))}: {_indented(item, step, inner)}"
            for key, item in sorted(value.items())
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{newline}}}"
    return f"[{inner}{f',{inner}'.join([_indented(item, step, inner) for item in value])}{newline}]"


def _refuse_non_finite(value: Any, where: str) -> None:
    """Raise ValueError naming the place of the first NaN or infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where}: {value} cannot be written; give None and a reason instead")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_non_finite(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_non_finite(item, f"{where}[{index}]")
