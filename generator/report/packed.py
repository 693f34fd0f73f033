"""A bundle in one compressed file: what a published version carries, so that later versions can be compared with it."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from generator.core import CapewatchError, WrongCall, canonical_json, read_json
from generator.report.bundle import Bundle, read_bundle, table_from

PACKED_NAME = "bundle.json.xz"
#: Ready-made texts and pages of changes: what they say is in the other sections.
LEFT_OUT = ("outputs", "changes")
#: The tables that a comparison reads.
TABLES = ("gamma-", "hfield-")
MAX_BYTES = 512 * 1024 * 1024


def pack(bundle: Bundle) -> bytes:
    """The bundle without ready-made texts and large tables, as canonical JSON in one xz file: same bundle, same bytes."""
    document = {
        "meta": bundle.meta,
        "statistics": bundle.statistics,
        "entities": bundle.entities,
        "sections": {name: value for name, value in bundle.sections.items() if name not in LEFT_OUT},
        "tables": {
            name: {"metadata": table.metadata(bundle.as_of), "rows": table.rows}
            for name, table in bundle.tables.items()
            if name.startswith(TABLES)
        },
    }
    return lzma.compress(canonical_json(document).encode(), preset=6)


def unpack(data: bytes, *, name: str) -> Bundle:
    """What `pack` packed. `name` says in an error which file it was.

    Raises CapewatchError for damaged data, and for data that would fill the memory.
    """
    machine = lzma.LZMADecompressor(memlimit=MAX_BYTES)
    try:
        text = machine.decompress(data, max_length=MAX_BYTES)
        if not machine.eof:
            raise CapewatchError(f"{name}: more than {MAX_BYTES // 1024**2} MB, or cut off")
        document = json.loads(text)
        tables = {key: table_from(value) for key, value in document["tables"].items()}
        parts = {key: document[key] for key in ("meta", "statistics", "entities", "sections")}
        return Bundle(tables=tables, **parts)
    except (lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise CapewatchError(f"{name}: not a packed bundle: {error}") from None


def read_any(path: Path) -> Bundle:
    """A bundle folder or a packed bundle. Raises CapewatchError when it is neither."""
    if path.is_file():
        return unpack(path.read_bytes(), name=str(path))
    missing = [name for name in ("meta.json", "statistics.json", "entities.json") if not (path / name).is_file()]
    if missing:
        raise WrongCall(
            f"{path}: not a bundle: it has no {', '.join(missing)}",
            hint="`capewatch build` writes one to build/bundle/",
        )
    meta = read_json(path / "meta.json")
    if not isinstance(meta, dict) or "as_of" not in meta:
        raise CapewatchError(f"{path / 'meta.json'}: not the meta of a bundle: it has no as_of")
    return read_bundle(path)


__all__ = ["PACKED_NAME", "pack", "read_any", "unpack"]
