"""LiveBench: task scores by release, and the map from tasks to categories. PERCENT; effort is part of the model's name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.core import CapewatchError
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import table, tree
from generator.sources.rows import Rows, number

VERSION = "livebench/1"
LISTING = "https://api.github.com/repos/LiveBench/livebench.github.io/contents/public"
FILE = "https://livebench.ai/{name}"
_TABLE = re.compile(r"^table_(\d{4}_\d{2}_\d{2})(?:_sample)?\.csv$")
_CATEGORIES = re.compile(r"^categories_(\d{4}_\d{2}_\d{2})\.json$")


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """The newest release: its table and its categories."""
    listing = client.get(LISTING, name="public.json", accept=("application/json",), conditional=False)
    try:
        names = [str(entry["name"]) for entry in json.loads(listing.data)]
    except (ValueError, KeyError, TypeError):
        raise CapewatchError(f"{LISTING}: not a list of files", hint="the code host's API has changed") from None
    releases = {m[1] for m in map(_TABLE.match, names) if m} & {m[1] for m in map(_CATEGORIES.match, names) if m}
    if not releases:
        raise CapewatchError(f"{LISTING}: no release has both table_*.csv and categories_*.json")
    newest = max(releases)
    return [
        client.get(FILE.format(name=f"table_{newest}.csv"), name=f"table_{newest}.csv", accept=("text/csv", "text/plain")),
        client.get(
            FILE.format(name=f"categories_{newest}.json"), name=f"categories_{newest}.json",
            accept=("application/json", "text/plain"),
        ),
    ]  # fmt: skip


def parse(captures: Sequence[Capture]) -> Parsed:
    """Overall score = mean of category means, category = mean of its tasks; a model without all tasks has none."""
    rows = Rows()
    categories = {}
    for capture in captures:
        match = _CATEGORIES.match(capture.name)
        if match:
            categories[match[1]] = _read_categories(rows, capture)
        elif not _TABLE.match(capture.name):
            rows.reject(capture.name, "unknown-file")
    for capture in captures:
        match = _TABLE.match(capture.name)
        if match is None:
            continue
        known = max((release for release in categories if release <= match[1]), default="")
        if not categories.get(known):
            rows.reject(capture.name, "unknown-shape", "no categories of this release")
            continue
        _release(rows, capture, match[1].replace("_", "-"), categories[known])
    return rows.finish()


def _read_categories(rows: Rows, capture: Capture) -> dict[str, list[str]]:
    content = tree(rows, capture.name, capture.data)
    if content is None:
        return {}
    if not isinstance(content, dict) or not content or not all(map(_is_tasks, content.values())):
        rows.reject(capture.name, "unknown-shape", "not an object of lists of task names")
        return {}
    return content


def _is_tasks(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(task, str) for task in value)


def _release(rows: Rows, capture: Capture, release: str, categories: Mapping[str, Sequence[str]]) -> None:
    tasks = [task for members in categories.values() for task in members]
    columns = ("model", *tasks)
    for locator, row in table(rows, capture.name, capture.data, required=columns, known=columns):
        means = {}
        for category, members in categories.items():
            try:
                scores = [number(row[task]) for task in members]
            except ValueError as error:
                rows.reject(f"{locator}.{category}", str(error), row["model"])
                continue
            present = [score for score in scores if score is not None]
            if len(present) < len(members):
                rows.reject(f"{locator}.{category}", "incomplete-mean", f"{len(present)} of {len(members)} tasks")
                continue
            if not all(0 <= score <= 100 for score in present):
                rows.reject(f"{locator}.{category}", "out-of-range", f"{row['model']}: {present}")
                continue
            means[category] = sum(present) / len(present)
        scopes = {f"{release} {category}": mean for category, mean in means.items()}
        if len(means) == len(categories):
            scopes[release] = sum(means.values()) / len(means)
        for subset, score in scopes.items():
            rows.add(
                locator=f"{locator}.{subset}", model=row["model"], benchmark="livebench", subset=subset,
                evaluator="livebench", value=score, unit="percent", title="LiveBench", published=release,
            )  # fmt: skip
