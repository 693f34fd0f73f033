"""models.dev: one entry a model, with benchmark rows that each name their own source. PERCENT, except index and Elo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.sources.benchmarks import Target, target
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.evaluators import evaluator
from generator.sources.readers import toml, tree
from generator.sources.rows import Rows, text

VERSION = "models-dev/1"
URL = "https://models.dev/models.json"
#: What the `metric` of a row may say, and the unit that goes with it. Anything else is rejected, not guessed.
METRICS: dict[str, str] = {
    "": "percent",
    "accuracy": "percent",
    "average pass@1": "index",
    "elo": "elo",
    "index": "index",
    "mean reward": "percent",
    "pass@1": "percent",
    "percent": "percent",
    "percent correct": "percent",
    "percent resolved": "percent",
    "resolve rate": "percent",
    "resolved": "percent",
    "score": "percent",
    "success rate": "percent",
}
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_TOOLS = {"no tools": "false", "without tools": "false", "with tools": "true", "tools": "true"}
_KNOWN = {"name", "score", "metric", "source", "date", "harness", "variant", "dataset", "version", "notes"}


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """All models as one JSON object."""
    return [client.get(URL, name="models.json", accept=("application/json",))]


def parse(captures: Sequence[Capture]) -> Parsed:
    """Captures are `models.json`, or the repository's TOML files named ``<lab>/<model>.toml``: the same entries."""
    rows = Rows()
    for capture in captures:
        for model, entry in _entries(rows, capture):
            locator = f"{capture.name}#{model}"
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                rows.reject(locator, "unknown-entry", "no object with a name")
                continue
            _facts(rows, locator, model, entry)
            benchmarks = entry.get("benchmarks", [])
            if not isinstance(benchmarks, list):
                rows.reject(locator, "unknown-entry", "benchmarks is no list")
                continue
            for position, row in enumerate(benchmarks, start=1):
                _score(rows, f"{locator}.{position}", model, row)
    return rows.finish()


def _entries(rows: Rows, capture: Capture) -> Iterator[tuple[str, Any]]:
    if capture.name.endswith(".toml"):
        entry = toml(rows, capture.name, capture.data)
        if entry is not None:
            yield capture.name.removesuffix(".toml"), entry
        return
    content = tree(rows, capture.name, capture.data)
    if isinstance(content, dict):
        yield from content.items()
    elif content is not None:
        rows.reject(capture.name, "unknown-shape", "not an object keyed lab/model")


def _facts(rows: Rows, locator: str, model: str, entry: Mapping[str, Any]) -> None:
    size = entry.get("parameters")
    weights = entry.get("weights")
    first = weights[0] if isinstance(weights, list) and weights and isinstance(weights[0], dict) else {}
    sizes = size if isinstance(size, dict) else {}
    for field, value, unit in (
        ("lab", model.partition("/")[0], "text"),
        ("name", entry.get("name"), "text"),
        ("family", entry.get("family"), "text"),
        ("release_date", entry.get("release_date"), "date"),
        ("open_weights", entry.get("open_weights"), "bool"),
        ("weights_url", first.get("url"), "text"),
        ("parameters", sizes.get("total"), "count"),
        ("active_parameters", sizes.get("active"), "count"),
        ("architecture", sizes.get("architecture"), "text"),
    ):
        rows.fact(locator=locator, model=model, field=field, value=value, unit=unit)


def _score(rows: Rows, locator: str, model: str, row: Any) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        rows.reject(locator, "unknown-entry", "no object with a name")
        return
    if strange := sorted(set(row) - _KNOWN):
        rows.reject(locator, "unknown-field", ", ".join(strange))
        return
    place = _place(row["name"], text(row.get("version")))
    if place is None:
        rows.reject(locator, "unknown-benchmark", f"{row['name']} {text(row.get('version'))}".strip())
        return
    unit = METRICS.get(text(row.get("metric")).lower())
    if unit is None or (place.unit and unit != place.unit) or (unit in ("elo", "index") and not place.unit):
        rows.reject(locator, "unknown-metric", f"{row['name']}: {text(row.get('metric'))}")
        return
    source = text(row.get("source"))
    who = evaluator(source, model.partition("/")[0])
    if not who:
        rows.reject(locator, "no-source", row["name"])
        return
    effort, tools, setting = _variant(text(row.get("variant")))
    rows.add(
        locator=locator, model=model, benchmark=place.benchmark, tools=tools, effort=effort,
        scaffold=" ".join(part for part in (text(row.get("harness")), setting) if part),
        attempts="1" if text(row.get("metric")).lower().endswith("pass@1") else "",
        subset=" ".join(part for part in (place.subset, text(row.get("dataset"))) if part), evaluator=who,
        value=row.get("score"), unit=unit, title=row["name"], url=source, via="models.dev",
        published=row.get("date"), prefer=text(row.get("date")), note=row.get("notes"),
    )  # fmt: skip


def _place(name: str, version: str) -> Target | None:
    """The benchmark and its subset; names that stand for several benchmarks need their version."""
    found = target(f"{name} {version}") if version else None
    if found is not None:
        return found
    found = target(name)
    if found is None or not version:
        return found
    return Target(found.benchmark, found.metric, " ".join(part for part in (found.subset, version) if part), found.unit)


def _variant(variant: str) -> tuple[str, str, str]:
    """(effort, tools, anything else) from the free text of a row."""
    words = variant.lower()
    level = words.removesuffix(" effort")
    if level in _EFFORTS:
        return level, "", ""
    if words in _TOOLS:
        return "", _TOOLS[words], ""
    return "", "", variant
