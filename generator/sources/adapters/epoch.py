"""Epoch AI benchmarking hub: the benchmarks Epoch runs itself, and its capabilities index. FRACTIONS and index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from generator.sources.adapters import epoch_files as hub
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import members, table, tree, yaml_text
from generator.sources.rows import Rows, day, number, text

VERSION = "epoch/1"
EVALUATOR = "epoch-ai"
HARNESS = "inspect"
_BUDGET = re.compile(r"^\d+K$")


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """The whole hub as one zip."""
    accept = ("application/zip", "application/x-zip-compressed", "application/octet-stream", "binary/octet-stream")
    return [client.get(hub.URL, name="benchmark_data.zip", accept=accept)]


def parse(captures: Sequence[Capture]) -> Parsed:
    """Own runs and the index; files of other boards are another source and are skipped here.

    Each capture is the zip, one of its files, or a relayed copy of later runs. Files are matched by their last name.
    """
    rows = Rows()
    found = set()
    for locator, name, data in files(rows, captures):
        if name in hub.RUNS:
            _runs(rows, locator, hub.RUNS[name], data)
        elif name == hub.INDEX_FILE:
            _index(rows, locator, data)
        elif name == hub.POST_FILE:
            _later_runs(rows, locator, data)
        elif name == hub.WATCH_FILE:
            _watched(rows, locator, data)
        elif name == hub.COLLECTED_FILE:
            _collected(rows, locator, data)
        elif name not in hub.BOARDS and name not in hub.NOT_SCORES:
            rows.reject(locator, "unknown-file", name)
        found.add(name)
    if captures and not rows.fatal and "gpqa_diamond.csv" not in found and hub.POST_FILE not in found:
        rows.reject(captures[0].name, "unknown-shape", "gpqa_diamond.csv is missing")
    return rows.finish()


def files(rows: Rows, captures: Sequence[Capture]) -> Iterator[tuple[str, str, bytes]]:
    """(locator, last name, bytes) of every file, zips opened."""
    for capture in captures:
        if capture.name.endswith(".zip"):
            for path, data in members(rows, capture.name, capture.data).items():
                yield f"{capture.name}!{path}", PurePosixPath(path).name, data
        else:
            yield capture.name, PurePosixPath(capture.name).name, capture.data


def split_effort(version: str) -> tuple[str, str]:
    """``gpt-5.5_xhigh`` → (``gpt-5.5``, ``xhigh``): the effort or thinking budget stands after the last underscore.

    What stands there otherwise is part of the name (``unknown`` is neither).
    """
    base, separator, last = version.rpartition("_")
    if separator and base and last == "unknown":
        return base, ""
    if separator and base and (last in hub.EFFORTS or _BUDGET.match(last)):
        return base, last
    return version, ""


def _runs(rows: Rows, name: str, run: hub.Run, data: bytes) -> None:
    for locator, row in table(rows, name, data, required=hub.RUN_COLUMNS, known=hub.RUN_COLUMNS):
        _facts(rows, locator, row, row["Model version"])
        _run(
            rows, locator, run, version=row["Model version"], score=row["Best score (across scorers)"],
            stderr=row["stderr"], started=row["Started at"], released=row["Release date"], url=row["Log viewer"],
        )  # fmt: skip


def _run(
    rows: Rows, locator: str, run: hub.Run, *, version: str, score: str, stderr: str,
    started: str, released: str, url: str = "", via: str = "", note: str = "", unit: str = "fraction",
) -> None:  # fmt: skip
    model, effort = split_effort(text(version))
    # A run of a model that was not out yet became public with the model.
    published = max(day(started), day(released)) if day(started) else ""
    rows.add(
        locator=locator, model=model, benchmark=run.benchmark, subset=run.subset, effort=effort, harness=HARNESS,
        evaluator=EVALUATOR, value=score, unit=unit, stderr=stderr, n=_items(run, score, stderr, unit),
        title=f"Epoch AI: {run.title}", url=url, via=via, published=published, prefer=text(started), note=note,
    )  # fmt: skip


def _items(run: hub.Run, score: str, stderr: str, unit: str) -> int:
    """Tasks behind a score: fewer than nominal when the exact standard error of a single pass says so."""
    try:
        p, error = number(score), number(stderr)
    except ValueError:
        return run.items
    if unit == "fraction" and run.single and p is not None and error is not None and 0 < p < 1 and 1e-6 < error < 1:
        n = round(p * (1 - p) / error**2) + 1
        if 0 < n < run.items and abs(p * n - round(p * n)) < 1e-3:
            return n
    return run.items


def _index(rows: Rows, name: str, data: bytes) -> None:
    for locator, row in table(rows, name, data, required=hub.INDEX_COLUMNS, known=hub.INDEX_COLUMNS):
        version = text(row["Model version"]) or text(row["Model name"])
        _facts(rows, locator, row, version)
        model, effort = split_effort(version)
        rows.add(
            locator=locator, model=model, benchmark="epoch-eci", effort=effort, evaluator=EVALUATOR,
            value=row["ECI Score"], unit="index", title="Epoch Capabilities Index",
        )  # fmt: skip


def _facts(rows: Rows, locator: str, row: Mapping[str, str], version: object) -> None:
    model, _ = split_effort(text(version))
    columns = (
        ("Release date", "release_date", "date"),
        ("Organization", "lab", "text"),
        ("Training compute (FLOP)", "training_flop", "flop"),
        ("Model accessibility", "licence", "text"),
    )
    for column, field, unit in columns:
        rows.fact(locator=locator, model=model, field=field, value=row.get(column, ""), unit=unit)


def _later_runs(rows: Rows, name: str, data: bytes) -> None:
    run = hub.RUNS["gpqa_diamond.csv"]
    for locator, row in table(rows, name, data, required=hub.POST_COLUMNS, known=hub.POST_COLUMNS):
        via = hub.POST_VIA.get(row["source"])
        if via is None:
            rows.reject(locator, "unknown-relay", row["source"])
            continue
        model, _ = split_effort(text(row["model_version"]))
        for field, unit, column in (("release_date", "date", "release_date"), ("lab", "text", "organization")):
            rows.fact(locator=locator, model=model, field=field, value=row[column], unit=unit)
        _run(
            rows, locator, run, version=row["model_version"], score=row["best_score"], stderr=row["stderr"],
            started=row["started_at"], released=row["release_date"], via=via,
            note="rounded by the relay" if row["source"] == "C" else "",
        )  # fmt: skip


def _watched(rows: Rows, name: str, data: bytes) -> None:
    content = tree(rows, name, data)
    if content is None:
        return
    scores = content.get("epoch") if isinstance(content, dict) else None
    if not isinstance(scores, dict):
        rows.reject(name, "unknown-shape", "no object 'epoch'")
        return
    for model, entry in scores.items():
        if not isinstance(entry, dict):
            rows.reject(f"{name}#{model}", "unknown-entry", entry)
            continue
        for field, value in entry.items():
            run = hub.RUNS.get(hub.WATCH_SCORES.get(field, ""))
            if run is None:
                rows.reject(f"{name}#{model}.{field}", "unknown-benchmark", field)
                continue
            rows.add(
                locator=f"{name}#{model}.{field}", model=model, benchmark=run.benchmark, subset=run.subset,
                effort="best", harness=HARNESS, evaluator=EVALUATOR, value=value, unit="percent", n=run.items,
                title=f"Epoch AI: {run.title}", via=hub.WATCH_VIA, published=hub.WATCH_DAY,
                note="best effort level per model, rounded to one decimal by the relay",
            )  # fmt: skip


def _collected(rows: Rows, name: str, data: bytes) -> None:
    """SWE-bench Verified runs after April 2026, with standard error and the day of the run."""
    content = yaml_text(rows, name, data)
    if content is None:
        return
    section: object = content
    for key in ("swe_bench_verified", "epoch_own_runs_484_tasks", "rows"):
        section = section.get(key) if isinstance(section, dict) else None
    if not isinstance(section, list):
        rows.reject(name, "unknown-shape", "no rows of epoch_own_runs_484_tasks")
        return
    for position, row in enumerate(section, start=1):
        locator = f"{name}#swe_bench_verified.{position}"
        source = row.get("source") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(source, dict):
            rows.reject(locator, "unknown-entry", "no object with a source")
        elif not day(row.get("run")):
            rows.reject(locator, "no-run-day", row.get("model"))
        else:
            effort = text(row.get("variant"))
            _run(
                rows, locator, hub.RUNS["swe_bench_verified.csv"],
                version=f"{text(row.get('model'))}_{effort}" if effort else text(row.get("model")),
                score=text(row.get("score")), stderr=text(row.get("stderr")), started=text(row["run"]), released="",
                via=f"{text(source.get('repo'))} {text(source.get('path'))}", unit="percent",
                note="rounded to two decimals by the relay",
            )  # fmt: skip
