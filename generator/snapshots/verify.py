"""Re-check every hash, length and count of the store; all problems at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from generator.core import CapewatchError, Problem
from generator.schema.rows import EVENTS, UNITS
from generator.snapshots.manifest import MANIFEST, Pull, read_manifest
from generator.snapshots.segments import read_log
from generator.snapshots.store import EMPTY_SHA256, sources
from generator.snapshots.table import FACTS, OBSERVATIONS, Table, decode


def verify(root: Path, *, only: list[str] | None = None) -> list[Problem]:
    """Problems of all sources under `root` (= data/snapshots), sorted; an empty list when everything holds.

    Checked: manifest lines and their numbering, the chain `replaces`, length and sha256 of the logs after every pull,
    columns, units, events, the counts of events a line names, and bytes behind the committed length (a warning: a
    killed pull left them, readers skip them, the next pull removes them).
    """
    problems: list[Problem] = []
    for source in only if only is not None else sources(root):
        problems.extend(_source(Path(root) / source, source))
    return sorted(problems)


def _source(folder: Path, source: str) -> Iterator[Problem]:
    name = f"{source}/{MANIFEST}"
    try:
        pulls = read_manifest(folder)
    except CapewatchError as error:
        yield Problem(name, 0, "manifest-broken", error.message, hint=error.hint)
        return
    if not pulls:
        yield Problem(name, 0, "manifest-empty", "no pull in the manifest", hint="run capewatch pull")
        return
    before: Pull | None = None
    for line, pull in enumerate(pulls, start=1):
        if pull.pull != line:
            yield Problem(name, line, "pull-number", "pulls are numbered from 1", str(pull.pull), str(line))
        expected = before.log_sha256 if before else ""
        if pull.replaces != expected:
            yield Problem(name, line, "chain-broken", "replaces", pull.replaces, expected or "empty (first pull)")
        before = pull
    yield from _log(folder, source, OBSERVATIONS, pulls)
    yield from _log(folder, source, FACTS, pulls)


def _log(folder: Path, source: str, table: Table, pulls: list[Pull]) -> Iterator[Problem]:
    name = f"{source}/{table.filename}"
    data = read_log(folder, table)
    digest = hashlib.sha256()
    position = 0
    for line, pull in enumerate(pulls, start=1):
        length, expected = (
            (pull.log_bytes, pull.log_sha256) if table is OBSERVATIONS else (pull.facts_bytes, pull.facts_sha256)
        )
        if length < position:
            yield Problem(name, 0, "log-shrunk", f"pull {line} names fewer bytes than the one before", str(length))
            return
        if length > len(data):
            yield Problem(name, 0, "log-short", f"pull {line}", f"{len(data)} bytes", f"{length} bytes", _RESTORE)
            return
        digest.update(data[position:length])
        position = length
        found = digest.hexdigest() if length else EMPTY_SHA256
        if found != expected:
            yield Problem(name, 0, "hash-differs", f"pull {line}", found, expected, _RESTORE)
            return
    if len(data) > position:
        yield Problem(
            name, 0, "uncommitted-tail", "bytes behind the committed length", str(len(data) - position),
            hint="a pull was interrupted; readers skip them and the next pull removes them", severity="warning",
        )  # fmt: skip
    yield from _rows(name, table, data[:position], pulls)


def _rows(name: str, table: Table, data: bytes, pulls: list[Pull]) -> Iterator[Problem]:
    try:
        log = decode(table, data, subject=name)
    except CapewatchError as error:
        yield Problem(name, 0, "log-broken", error.message, hint=error.hint)
        return
    if strange := sorted(set(log["event"]) - set(EVENTS)):
        yield Problem(name, 0, "unknown-event", "event", ", ".join(strange), ", ".join(EVENTS))
    if table is not OBSERVATIONS:
        return
    present = log[log["event"] != "gone"]
    if strange := sorted(set(present["unit"]) - set(UNITS)):
        yield Problem(name, 0, "unknown-unit", "unit", ", ".join(strange), ", ".join(UNITS))
    counts = log.groupby(["pull", "event"]).size().to_dict()
    for pull in pulls:
        for event, said in (("seen", pull.new), ("changed", pull.changed), ("gone", pull.gone)):
            found = int(counts.get((str(pull.pull), event), 0))
            if found != said:
                yield Problem(name, 0, "count-differs", f"pull {pull.pull}, {event}", str(found), str(said), _RESTORE)


_RESTORE = "restore the file from version control; the store is append-only"
