"""The append-only store `data/snapshots/<source>/`: append a reading, read a state, ask for history and age.

Writing order of a pull: logs (truncated to their committed length, appended, fsynced), then the manifest (temporary
file, fsync, rename). The manifest line is the commit: whatever stands in a log behind the length it names was never
committed, readers do not see it, and the next `append` cuts it off. Killing the process at any moment therefore
leaves the last good state.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from generator.core import (
    CapewatchError,
    canonical_json,
    near_matches,
    parse_day,
    read_json,
    sha256_bytes,
    write_atomic,
)
from generator.snapshots.fold import Basis, difference, fold
from generator.snapshots.manifest import MANIFEST, Pull, read_manifest
from generator.snapshots.segments import append_log, read_log, truncate_log
from generator.snapshots.table import FACTS, OBSERVATIONS, TABLES, Table, as_text, decode, empty, encode, typed

CHECKED = "checked.json"
Kept = Literal["rows", "summary", "pointer"]
EMPTY_SHA256 = sha256_bytes(b"")


@dataclass(frozen=True)
class Reading:
    """What one pull of one source gave, ready to be stored.

    `observations` has the KEY, VALUE and SOURCE columns, `facts` those of FACTS (or None). `recorded` is the day of
    the pull, `fetched_at` its UTC instant, `payload_day` the day the oldest part of the payload shows (before
    `recorded` when it came from a mirror). `kept` says what the licence allows to keep.
    """

    observations: pd.DataFrame
    recorded: dt.date
    fetched_at: str
    payload_day: dt.date
    payload_sha256: str
    adapter: str
    licence: str
    facts: pd.DataFrame | None = None
    kept: Kept = "rows"
    rejected: Mapping[str, int] = field(default_factory=dict)
    captures: Sequence[Mapping[str, Any]] = ()
    summary: Sequence[Mapping[str, Any]] = ()
    note: str = ""


@dataclass(frozen=True)
class Appended:
    """What `append` did: counts of observation events, of fact events, and the manifest line (None: no byte changed)."""

    new: int
    changed: int
    gone: int
    facts: int
    pull: Pull | None
    events: pd.DataFrame


def sources(root: Path) -> list[str]:
    """Names of the sources with a manifest under `root` (= data/snapshots), sorted."""
    return sorted(path.parent.name for path in Path(root).glob(f"*/{MANIFEST}"))


def read(root: Path, source: str, *, as_of: dt.date | None = None, basis: Basis = "public") -> pd.DataFrame:
    """The observations of one source at `as_of`: SNAPSHOT_COLUMNS, one row a key, in the order of recording.

    value, stderr, n are float64 (NaN: not given), in the row's `unit`; pull is int64; the rest is text, empty where
    unknown. `as_of` None gives the newest state. basis ``public``: a score counts from the day it was public, even if
    it was recorded here later; ``recorded``: only what stood in this store on that day (see `fold.effective_day`).
    An empty url means the address of the captured file and is filled in here, with its relay (via). A source of which
    only a summary may be kept has no rows. CapewatchError when the source is not in the store.
    """
    return typed(OBSERVATIONS, _state(root, source, OBSERVATIONS, as_of, basis))


def read_facts(root: Path, source: str, *, as_of: dt.date | None = None, basis: Basis = "public") -> pd.DataFrame:
    """What the source says about models themselves: model, field (FACT_FIELDS), value, unit, … (all text)."""
    return typed(FACTS, _state(root, source, FACTS, as_of, basis))


def read_events(root: Path, source: str, table: Table = OBSERVATIONS) -> pd.DataFrame:
    """The committed log itself, oldest first, all text."""
    folder = _folder(root, source)
    return _log(folder, table, _last(read_manifest(folder)))


def summary(root: Path, source: str) -> pd.DataFrame:
    """The derived statistics of the newest pull (benchmark, metric, subset, tools, unit, n, min, q25, median, q75, max)."""
    last = _last(read_manifest(_folder(root, source)))
    return pd.DataFrame(last.summary if last else [])


def history(root: Path, source: str) -> list[Pull]:
    """The manifest lines, oldest first."""
    return read_manifest(_folder(root, source))


def provenance(root: Path, source: str, *, pull: int, locator: str) -> dict[str, Any]:
    """The captured file behind a row: name, url, sha256, bytes, fetched_at, and via, etag, last_modified where known."""
    for line in history(root, source):
        if line.pull == pull:
            capture = line.capture_of(locator)
            if capture is not None:
                return capture
            raise CapewatchError(f"{source}: pull {pull} captured no file for {locator!r}")
    raise CapewatchError(f"{source}: no pull {pull}")


def age(root: Path, source: str, *, on: dt.date) -> int | None:
    """Days from the newest payload that passed all checks to `on`; None when nothing was pulled yet.

    A mirror's payload counts from the day its oldest part shows, not from the day it was read.
    """
    folder = Path(root) / source
    days = [line.payload_day for line in read_manifest(folder)]
    checked = folder / CHECKED
    if checked.is_file():
        days.append(str(read_json(checked)["payload_day"]))
    return (on - max(parse_day(day) for day in days)).days if days else None


def mark_checked(root: Path, source: str, *, checked: dt.date, payload_day: dt.date, payload_sha256: str) -> bool:
    """Note in checked.json that the source was read and passed; the same payload on the same day changes no byte."""
    path = Path(root) / source / CHECKED
    value = {
        "checked": checked.isoformat(),
        "payload_day": payload_day.isoformat(),
        "payload_sha256": payload_sha256,
    }
    text = canonical_json(value)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    write_atomic(path, text)
    return True


def preview(root: Path, source: str, reading: Reading) -> Appended:
    """What `append` would do, without writing."""
    folder = Path(root) / source
    return _plan(folder, reading, read_manifest(folder))[0]


def append(root: Path, source: str, reading: Reading) -> Appended:
    """Record what changed since the last pull, as one commit; nothing changed → no byte changes.

    CapewatchError when another pull of this source is running, or when a key occurs twice in the reading.
    """
    folder = Path(root) / source
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        pulls = read_manifest(folder)
        _heal(folder, _last(pulls))
        appended, logs = _plan(folder, reading, pulls)
        if appended.pull is None:
            return appended
        for table, addition in logs.items():
            if addition:
                append_log(folder, table, addition)
        lines = [line.line() for line in [*pulls, appended.pull]]
        write_atomic(folder / MANIFEST, "".join(lines))
    return appended


def _plan(folder: Path, reading: Reading, pulls: Sequence[Pull]) -> tuple[Appended, dict[Table, bytes]]:
    """What an append would record, and the bytes it would add to each log."""
    last = _last(pulls)
    before = {table: read_log(folder, table, _length(table, last)) for table in TABLES}
    events = {}
    for table in TABLES:
        current = fold(table, decode(table, before[table], subject=str(folder / table.filename)))
        events[table] = difference(table, current, _rows(table, reading))
    kinds = events[OBSERVATIONS]["event"].value_counts()
    counts = {
        name: int(kinds.get(event, 0)) for name, event in (("new", "seen"), ("changed", "changed"), ("gone", "gone"))
    }
    counts["facts"] = len(events[FACTS])
    if last is not None and not any(counts.values()) and _same(last, reading):
        return Appended(**counts, pull=None, events=events[OBSERVATIONS]), {}
    number = len(pulls) + 1
    added = {table: _addition(table, events[table], before[table], reading.recorded, number) for table in TABLES}
    pull = _line(reading, last, number, counts, {table: before[table] + added[table] for table in TABLES})
    return Appended(**counts, pull=pull, events=events[OBSERVATIONS]), added


def _line(
    reading: Reading, last: Pull | None, number: int, counts: Mapping[str, int], logs: Mapping[Table, bytes]
) -> Pull:
    """The manifest line that commits `logs`."""
    return Pull(
        pull=number,
        recorded=reading.recorded.isoformat(),
        fetched_at=reading.fetched_at,
        payload_day=reading.payload_day.isoformat(),
        payload_sha256=reading.payload_sha256,
        adapter=reading.adapter,
        licence=reading.licence,
        kept=reading.kept,
        rows=len(reading.observations),
        rejected=dict(sorted(reading.rejected.items())),
        log_bytes=len(logs[OBSERVATIONS]),
        log_sha256=sha256_bytes(logs[OBSERVATIONS]),
        facts_bytes=len(logs[FACTS]),
        facts_sha256=sha256_bytes(logs[FACTS]),
        replaces=last.log_sha256 if last else "",
        captures=[dict(capture) for capture in reading.captures],
        summary=[dict(row) for row in reading.summary],
        note=reading.note,
        **counts,
    )


def _rows(table: Table, reading: Reading) -> pd.DataFrame:
    frame = reading.observations if table is OBSERVATIONS else reading.facts
    if frame is None or reading.kept != "rows":
        return empty(table, table.content)
    rows = as_text(table, frame)
    twice = rows.duplicated(subset=list(table.key))
    if bool(twice.any()):
        key = ", ".join(text for text in rows.loc[twice, list(table.key)].iloc[0] if text)
        raise CapewatchError(
            f"{table.name}: {int(twice.sum())} keys occur twice, first: {key}",
            hint="the adapter must decide which one counts and reject the other with a reason",
        )
    return rows


def _addition(table: Table, events: pd.DataFrame, before: bytes, recorded: dt.date, number: int) -> bytes:
    if events.empty:
        return b""
    body = encode(table, events.assign(recorded=recorded.isoformat(), pull=str(number)))
    return body if before else table.header + body


def _same(last: Pull, reading: Reading) -> bool:
    """Nothing the manifest would have to say anew, apart from counts of events, hashes and instants of the payload."""
    if (last.adapter, last.licence, last.kept) != (reading.adapter, reading.licence, reading.kept):
        return False
    derived = (len(reading.observations), [dict(row) for row in reading.summary])
    return reading.kept == "rows" or (last.rows, last.summary) == derived


def _state(root: Path, source: str, table: Table, as_of: dt.date | None, basis: Basis) -> pd.DataFrame:
    folder = _folder(root, source)
    pulls = read_manifest(folder)
    return _with_addresses(fold(table, _log(folder, table, _last(pulls)), as_of=as_of, basis=basis), pulls)


def _with_addresses(state: pd.DataFrame, pulls: Sequence[Pull]) -> pd.DataFrame:
    """Rows without url get that of the captured file their locator names, and its via where they have none."""
    bare = state["url"] == ""
    if not bare.any():
        return state
    files = {(str(line.pull), item["name"]): item for line in pulls for item in line.captures}
    file_of = {locator: locator.split("#", 1)[0].split("!", 1)[0] for locator in state.loc[bare, "locator"].unique()}
    place = state.loc[bare, "pull"] + "\x1f" + state.loc[bare, "locator"].map(file_of)
    for name in ("url", "via"):
        known = {f"{pull}\x1f{file}": str(item.get(name, "")) for (pull, file), item in files.items()}
        blank = state.loc[bare, name] == ""
        state.loc[bare, name] = state.loc[bare, name].where(~blank, place.map(known).fillna(""))
    return state


def _log(folder: Path, table: Table, last: Pull | None) -> pd.DataFrame:
    return decode(table, read_log(folder, table, _length(table, last)), subject=str(folder / table.filename))


def _last(pulls: Sequence[Pull]) -> Pull | None:
    return pulls[-1] if pulls else None


def _length(table: Table, last: Pull | None) -> int:
    if last is None:
        return 0
    return last.log_bytes if table is OBSERVATIONS else last.facts_bytes


def _folder(root: Path, source: str) -> Path:
    folder = Path(root) / source
    if not (folder / MANIFEST).is_file():
        known = sources(Path(root))
        near = near_matches(source, known)
        raise CapewatchError(
            f"no snapshot of {source!r} in {root}; there is: {', '.join(known) or 'none'}",
            hint=f"did you mean {' or '.join(near)}?" if near else f"run capewatch pull {source}",
        )
    return folder


def _heal(folder: Path, last: Pull | None) -> None:
    """Cut off what a killed pull left behind; the caller holds the lock."""
    for litter in folder.glob(f".{MANIFEST}.*"):
        litter.unlink()
    for table in TABLES:
        truncate_log(folder, table, _length(table, last))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CapewatchError(
                f"{folder}: another pull of this source is running", hint="wait for it to finish, then pull again"
            ) from None
        yield
    finally:
        os.close(handle)


__all__ = [
    "Appended",
    "Reading",
    "age",
    "append",
    "history",
    "mark_checked",
    "preview",
    "provenance",
    "read",
    "read_events",
    "read_facts",
    "sources",
    "summary",
]
