"""One pull: capture, parse, gates, store, source by source in parallel; one that fails never stops the others."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from generator.core import CapewatchError, printable
from generator.snapshots import store
from generator.snapshots.manifest import Pull
from generator.sources.capture import Capture, Parsed, payload_sha256
from generator.sources.catalogue import CATALOGUE, Source, source
from generator.sources.client import Client, Validators
from generator.sources.gates import baseline, check, summarise
from generator.sources.mirror import capture_mirror
from generator.sources.quarantine import quarantine
from generator.sources.terms import KEPT, Terms, terms_of

Status = Literal["ok", "unchanged", "quarantined", "failed", "skipped"]


@dataclass(frozen=True)
class PullResult:
    """One line of the summary table.

    `events` are the rows seen, changed or gone (for `--dry-run`), `facts` what the payload says about models.
    """

    source: str
    status: Status
    message: str = ""
    rows: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    seconds: float = 0.0
    rejected: Mapping[str, int] = field(default_factory=dict)
    events: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    facts: pd.DataFrame | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Request:
    """What is pulled, from where, and when.

    `root` is the project folder, `now` the instant of the pull (with a zone). `mirror` is a folder to read instead of
    asking `client` for addresses. `accept` names sources whose waivable gates a person has looked at. `keys` holds
    secrets by variable name; they reach request headers and nothing else. `options` are per source.
    """

    root: Path
    now: dt.datetime
    terms: Mapping[str, Terms]
    client: Callable[[Validators], Client] | None = None
    mirror: Path | None = None
    accept: Collection[str] = ()
    dry_run: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def snapshots(self) -> Path:
        return self.root / "data" / "snapshots"

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(dt.UTC).date()

    @property
    def instant(self) -> str:
        return self.now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def chosen(names: Sequence[str], terms: Mapping[str, Terms]) -> list[Source]:
    """The named sources, or all that are on by default; CapewatchError for a name the catalogue does not have."""
    if names:
        return [source(name) for name in dict.fromkeys(names)]
    return [row for row in CATALOGUE if terms_of(dict(terms), row.id).enabled_by_default]


def pull(
    request: Request,
    sources: Sequence[Source],
    *,
    workers: int = 4,
    progress: Callable[[PullResult, int, int], None] | None = None,
) -> list[PullResult]:
    """Pull `sources`; the results are in their order. `progress(result, done, total)` is called as each one ends."""
    results: dict[str, PullResult] = {}
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="pull") as pool:
        waiting = {pool.submit(pull_one, request, row): row for row in sources}
        for future in as_completed(waiting):
            result = future.result()
            results[result.source] = result
            if progress is not None:
                progress(result, len(results), len(sources))
    return [results[row.id] for row in sources]


def exit_code(results: Sequence[PullResult], *, named: bool = False) -> int:
    """0: every source passed or was skipped; 1: none passed; 3: some passed, some did not (partial). A source that was asked
    for by its name (`named`) has not passed when it is skipped."""
    bad = sum(result.status in ("failed", "quarantined", *(["skipped"] if named else [])) for result in results)
    good = sum(result.status in ("ok", "unchanged") for result in results)
    return 0 if not bad else 3 if good else 1


def pull_one(request: Request, row: Source) -> PullResult:
    """Pull one source; whatever goes wrong becomes a result with a message, never an exception."""
    started = time.perf_counter()
    try:
        result = _pull(request, row)
    except CapewatchError as error:
        result = PullResult(row.id, "failed", _without_secrets(str(error), request.keys))
    except OSError as error:  # a full disk, say: what was stored before stands
        result = PullResult(row.id, "failed", f"nothing was stored: {error.strerror or error}")
    except Exception as error:  # a fault in one adapter must not stop the other sources
        text = _without_secrets(f"{type(error).__name__}: {error}", request.keys)
        result = PullResult(row.id, "failed", f"fault in the adapter: {text}")
    return _timed(result, time.perf_counter() - started)


def _pull(request: Request, row: Source) -> PullResult:
    terms = terms_of(dict(request.terms), row.id)
    options = {**row.options, **request.options.get(row.id, {})}
    if row.key_variable and request.mirror is None:
        if row.key_variable not in request.keys:
            return PullResult(row.id, "skipped", f"needs a key: set {row.key_variable}")
        options["key"] = request.keys[row.key_variable]
    history = _history(request, row)
    captures = _captures(request, row, options, history)
    if not captures:
        sought = ", ".join(mirror.pattern for mirror in row.mirrors) or "nothing: it has no mirror"
        return PullResult(row.id, "skipped", f"the mirror has no payload of this source; looked for {sought}")
    if all(capture.not_modified for capture in captures):
        last = history[-1]
        if not request.dry_run:
            _checked(request, row, request.today, last.payload_sha256)
        return PullResult(row.id, "unchanged", "not modified since the last pull", rows=last.rows)
    return _store(request, row, terms, captures, row.adapter.parse(captures), history)


def _captures(request: Request, row: Source, options: Mapping[str, Any], history: Sequence[Pull]) -> list[Capture]:
    if request.mirror is not None:
        return capture_mirror(row, request.mirror, fetched_at=request.instant, today=request.today)
    if request.client is None:
        raise CapewatchError(f"{row.id}: neither a mirror folder nor a client was given")
    known: Validators = {}
    if history:
        for item in history[-1].captures:
            if not item.get("via"):
                known[item["url"]] = (item.get("etag", ""), item.get("last_modified", ""))
    captures = row.adapter.fetch(request.client(known), options)
    if any(capture.not_modified for capture in captures) and not all(capture.not_modified for capture in captures):
        captures = row.adapter.fetch(request.client({}), options)
    return captures


def _store(
    request: Request, row: Source, terms: Terms, captures: Sequence[Capture], parsed: Parsed, history: Sequence[Pull]
) -> PullResult:
    kept = KEPT[terms.redistribute]
    observations = _with_days(parsed.observations, captures, request.today)
    findings = check(parsed, row.gates, _baseline(request, row, history))
    accepted = [finding for finding in findings if finding.waivable and row.id in request.accept]
    stopping = [finding for finding in findings if finding not in accepted]
    if stopping:
        message = "; ".join(finding.message for finding in stopping)
        if row.id in request.accept:
            message += "; such a payload cannot be accepted by hand: the adapter has to be mended"
        if not request.dry_run:
            place = quarantine(request.root / "build" / "quarantine" / row.id, captures, findings, at=request.instant)
            message += f" (payload kept in {place.relative_to(request.root)})"
        return PullResult(row.id, "quarantined", message, rows=len(observations), rejected=parsed.rejected)
    reading = store.Reading(
        observations=observations,
        facts=_with_days(parsed.facts, captures, request.today),
        recorded=request.today,
        fetched_at=request.instant,
        payload_day=min(capture.day for capture in captures),  # as old as its oldest part
        payload_sha256=payload_sha256(captures),
        adapter=row.adapter.VERSION,
        licence=terms.licence,
        kept=kept,
        rejected=parsed.rejected,
        captures=[capture.record() for capture in captures],
        summary=summarise(observations) if kept == "summary" else (),
        note="; ".join(f"accepted by hand: {finding.gate}" for finding in accepted),
    )
    done = (store.preview if request.dry_run else store.append)(request.snapshots, row.id, reading)
    if not request.dry_run:
        _checked(request, row, reading.payload_day, reading.payload_sha256)
    return PullResult(
        row.id, "unchanged" if done.pull is None else "ok", rows=len(observations), new=done.new,
        changed=done.changed, gone=done.gone, rejected=parsed.rejected, events=done.events, facts=parsed.facts,
        message="" if kept == "rows" else f"licence: {terms.licence}; only {_KEPT_WORDS[kept]} kept",
    )  # fmt: skip


_KEPT_WORDS = {"summary": "statistics and a pointer are", "pointer": "a pointer is"}


def _with_days(frame: pd.DataFrame, captures: Sequence[Capture], today: dt.date) -> pd.DataFrame:
    """Rows without a public day get the day of their payload when that is in the past: they were public by then."""
    days = {capture.name: capture.day.isoformat() for capture in captures if capture.day < today}
    if not days or frame.empty:
        return frame
    name = frame["locator"].str.split("#", n=1).str[0].str.split("!", n=1).str[0]
    known = name.map(days).fillna("")
    return frame.assign(published=frame["published"].where(frame["published"] != "", known))


def _history(request: Request, row: Source) -> list[Pull]:
    return store.history(request.snapshots, row.id) if row.id in store.sources(request.snapshots) else []


def _baseline(request: Request, row: Source, history: Sequence[Pull]) -> Any:
    if not history:
        return None
    last = history[-1]
    kept: store.Kept = last.kept  # type: ignore[assignment]  # the manifest holds one of the three words
    return baseline(store.read(request.snapshots, row.id), last.rows, last.summary, kept)


def _checked(request: Request, row: Source, payload_day: dt.date, sha256: str) -> None:
    store.mark_checked(
        request.snapshots, row.id, checked=request.today, payload_day=payload_day, payload_sha256=sha256
    )  # fmt: skip


def _without_secrets(text: str, keys: Mapping[str, str]) -> str:
    for name, secret in keys.items():
        if secret:
            text = text.replace(secret, f"<{name}>")
    return text


def _timed(result: PullResult, seconds: float) -> PullResult:
    message = "\n".join(printable(line) for line in result.message.split("\n"))
    return PullResult(**{**vars(result), "seconds": round(seconds, 3), "message": message})


def environment_keys() -> dict[str, str]:
    """The keys the catalogue asks for, as far as the environment has them. For the command line to call and pass in."""
    names = [row.key_variable for row in CATALOGUE if row.key_variable]
    return {name: os.environ[name] for name in names if os.environ.get(name)}
