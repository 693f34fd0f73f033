"""A built site as entries of a version: what several versions share is referred to, everything else is stored as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, canonical_json, sha256_file
from generator.publish.git import REGULAR, Repository
from generator.publish.names import RECORD
from generator.report.packed import PACKED_NAME

#: Large files that change with a dependency, not with the data: kept once at the root, under a name made from the bytes.
SHARED = ("assets/vega/vega.js",)
_TEXTS = (".html", ".js", ".mjs")
Entries = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Staged:
    """Entries below the version's folder, and entries at the root that they refer to."""

    inside: Entries
    shared: Entries


def stage(repository: Repository, site: Path, *, record: Mapping[str, Any], bundle: bytes) -> Staged:
    """Store the files of a built site, the packed bundle, and the record, completed by the shared files referred to.

    Raises CapewatchError for a site that is not there or was not built as a version, and for links in it.
    """
    require_versioned(site)
    shared = {name: site / name for name in SHARED if (site / name).is_file()}
    renamed = {name: _shared_name(name, path) for name, path in shared.items()}
    inside: dict[str, Path] = {}
    with tempfile.TemporaryDirectory(prefix="capewatch-stage-") as folder:
        for path in sorted(site.rglob("*")):
            if path.is_symlink():
                raise CapewatchError(f"{path}: a link; a version holds plain files only")
            name = path.relative_to(site).as_posix()
            if not path.is_file() or name in shared:
                continue
            if "\n" in name:
                raise CapewatchError(f"{path!s:.80}: a line break in a name")
            inside[name] = _referring(path, name, renamed, Path(folder))
        _require_used(site, renamed, inside)
        blobs = repository.store(list(inside.values()))
        kept = repository.store(list(shared.values()))
    entries = {name: (REGULAR, blob) for name, blob in zip(inside, blobs, strict=True)}
    told = canonical_json({**record, "shared": sorted(renamed.values())}, indent=1).encode()
    for name, content in ((RECORD, told), (PACKED_NAME, bundle)):
        entries[name] = (REGULAR, repository.store_bytes(content))
    return Staged(entries, {renamed[name]: (REGULAR, blob) for name, blob in zip(shared, kept, strict=True)})


def require_versioned(site: Path) -> None:
    """Raises CapewatchError when `site` is no complete site built with a version selector."""
    index = site / "index.html"
    if not index.is_file():
        raise CapewatchError(
            f"{site}: no site here: index.html is missing", hint="`capewatch build --versioned` builds one"
        )
    if '"provider": "mike"' not in index.read_text(encoding="utf-8").replace('":"', '": "'):
        raise CapewatchError(
            f"{site}: built without the version selector", hint="build it with `capewatch build --versioned`"
        )


def _shared_name(name: str, path: Path) -> str:
    stem, dot, suffix = name.rsplit("/", 1)[-1].rpartition(".")
    return f"assets/{stem}-{sha256_file(path)[:16]}{dot}{suffix}"


def _referring(path: Path, name: str, renamed: Mapping[str, str], folder: Path) -> Path:
    """The file itself, or a copy in which references to shared files lead one folder up."""
    if not name.endswith(_TEXTS):
        return path
    text = path.read_text(encoding="utf-8")
    changed = text
    for old, new in renamed.items():
        changed = changed.replace(old, f"../{new}")
    if changed == text:
        return path
    copy = folder / f"{len(list(folder.iterdir()))}-{path.name}"
    copy.write_text(changed, encoding="utf-8")
    return copy


def _require_used(site: Path, renamed: Mapping[str, str], inside: Mapping[str, Path]) -> None:
    """A shared file that nothing refers to would be lost to every page."""
    texts = [path for name, path in inside.items() if name.endswith(_TEXTS) and not path.is_relative_to(site)]
    for old, new in renamed.items():
        if not any(new in path.read_text(encoding="utf-8") for path in texts):
            raise CapewatchError(f"{site}: nothing refers to {old}", hint="see SHARED in generator/publish/staging.py")
