"""The one issue about sources: which are stale, which failed, which were quarantined, and what to do about each.

The body depends on days of the data, not on how many days ago they were: it changes when the state changes, so an issue is
edited only then. Messages quote what a server sent; they are foreign text and stand in code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from generator import snapshots
from generator.automation.comment import code
from generator.core import CapewatchError, WrongCall, read_json
from generator.schema import Registry

MARKER = "<!-- capewatch:sources -->"
TITLE = "Sources need attention"
Kind = Literal["quarantined", "failed", "stale"]
BAD: tuple[Kind, ...] = ("quarantined", "failed", "stale")
ADVICE: Mapping[Kind, str] = {
    "quarantined": "A gate refused the payload; the last good snapshot stays. Look at it with `capewatch pull SOURCE --dry-run`. "
    "If it is right, `capewatch pull SOURCE --accept SOURCE`; if the page changed its form, mend the adapter.",
    "failed": "The source did not answer, or not in the form the adapter knows. The last good snapshot stays. Run "
    "`capewatch pull SOURCE` by hand; if it fails for days, read the source's page.",
    "stale": "The newest payload is older than the source may be. If its maker stopped publishing, say so in `data/sources/` "
    "(`max_age_days`, `note`), or retire it.",
}


@dataclass(frozen=True, order=True)
class Alarm:
    """One source in one bad state. since: the day from which it is stale, or '' ; message: foreign text."""

    source: str
    kind: Kind
    message: str
    since: str = ""


def alarms(root: Path, registry: Registry, *, on: dt.date, pulled: Sequence[Mapping[str, Any]] = ()) -> list[Alarm]:
    """Every alarm on day `on`, sorted. pulled: the results of `capewatch pull --json` of the run, if there was one."""
    found = [
        Alarm(str(row["source"]), row["status"], str(row.get("message", "")))
        for row in pulled
        if row["status"] in ("quarantined", "failed")
    ]
    folder = root / "data" / "snapshots"
    for name in snapshots.sources(folder):
        entry, age = registry.sources.get(name), snapshots.age(folder, name, on=on)
        if entry is None or age is None or age <= entry.value.max_age_days:
            continue
        newest = on - dt.timedelta(days=age)
        limit = entry.value.max_age_days
        since = newest + dt.timedelta(days=limit + 1)
        found.append(Alarm(name, "stale", f"newest payload of {newest}, at most {limit} days old", since.isoformat()))
    return sorted(found)


def read_results(path: Path | None) -> list[dict[str, Any]]:
    """The results that `capewatch pull --json` printed; empty without a file."""
    if path is None:
        return []
    if not path.is_file():
        raise WrongCall(f"{path}: no such file", hint="write the results of a pull with: capewatch pull --json > FILE")
    data = read_json(path)
    if not isinstance(data, list) or not all(
        isinstance(row, dict) and {"source", "status"} <= set(row) for row in data
    ):
        raise CapewatchError(f"{path}: not the results of a pull", hint="write them with: capewatch pull --json > FILE")
    return data


def body(found: Sequence[Alarm]) -> str:
    """The issue's body in Markdown; empty when nothing is wrong. The same alarms give the same bytes."""
    if not found:
        return ""
    lines = [
        MARKER,
        "This issue is kept by the daily rebuild: edited when the state changes, closed when all is well.",
        "",
    ]
    for kind in BAD:
        rows = [alarm for alarm in found if alarm.kind == kind]
        if not rows:
            continue
        lines += [f"### {kind.capitalize()}", "", ADVICE[kind], ""]
        lines += [
            f"- {code(row.source)}: {code(row.message)}" + (f", stale since {row.since}" if row.since else "")
            for row in rows
        ]
        lines.append("")
    return "\n".join(lines)


def none_passed(pulled: Sequence[Mapping[str, Any]]) -> bool:
    """True when sources were asked and not one of them passed."""
    return bool(pulled) and not any(row["status"] in ("ok", "unchanged") for row in pulled)
