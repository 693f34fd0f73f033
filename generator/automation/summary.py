"""The Markdown summary of a run: what was pulled, what the report holds, how old the sources are, where predictions stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.automation.comment import code
from generator.core import counted, read_json

_COUNTS = ("models", "observations", "benchmarks", "labs", "families", "sources", "unmatched", "refused")


def summary(*, pulled: Sequence[Mapping[str, Any]], bundle: Path | None) -> str:
    """Markdown from the results of a pull and from a bundle folder; either may be missing, and then it says so."""
    lines = ["## Run", "", *_pulled(pulled)]
    if bundle is None or not (bundle / "meta.json").is_file():
        return "\n".join([*lines, "No report was built in this run.", ""]) + "\n"
    meta = read_json(bundle / "meta.json")
    lines += [*_report(meta), *_stale(meta), *_predictions(bundle)]
    return "\n".join(lines) + "\n"


def _pulled(pulled: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not pulled:
        yield from ("No source was asked in this run.", "")
        return
    good = sum(row["status"] in ("ok", "unchanged") for row in pulled)
    yield from (f"**{good} of {counted(len(pulled), 'source')} passed.**", "")
    yield "| source | status | rows | new | changed | gone | message |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | --- |"
    for row in pulled:
        counts = " | ".join(str(int(row.get(name) or 0)) for name in ("rows", "new", "changed", "gone"))
        yield f"| {code(row['source'])} | {code(row['status'])} | {counts} | {code(row.get('message', ''))} |"
    yield ""


def _report(meta: Mapping[str, Any]) -> Iterator[str]:
    counts = ", ".join(f"{meta['counts'][name]:,} {name}" for name in _COUNTS if name in meta["counts"])
    yield f"Report as of {code(meta['as_of'])}: {counts}."
    yield f"Data {code(str(meta['data_digest'])[:12])}, code {code(meta['version'])}, {counted(len(meta['warnings']), 'warning')}."
    yield ""


def _stale(meta: Mapping[str, Any]) -> Iterator[str]:
    stale = [row for row in meta["freshness"] if row["stale"]]
    if not stale:
        yield from ("No source is older than it may be.", "")
        return
    yield from (f"**{counted(len(stale), 'source is', 'sources are')} stale:**", "")
    for row in stale:
        yield f"- {code(row['source'])}: newest {code(row['newest'])}, {counted(row['age_days'], 'day')}, at most {row['max_age_days']}"
    yield ""


def _predictions(bundle: Path) -> Iterator[str]:
    path = bundle / "sections" / "predictions.json"
    if not path.is_file():
        return
    yield "| prediction | state | stands today |"
    yield "| --- | --- | --- |"
    for item in read_json(path)["items"]:
        found = item["evaluation"]
        yield f"| {code(found['title'])} | {code(found['state'])} | {code(found['standing'])} |"
    yield ""
