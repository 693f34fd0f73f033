"""Atom feeds of the labs: what was recorded of each lab's models, by the day it was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.core import sha256_bytes
from generator.predictions.outputs import FeedEntry, atom_feed
from generator.report.bundle import Bundle
from generator.site import format

Row = Mapping[str, Any]
#: Scores that a summary spells out.
MOST_SCORES = 12


def lab_feed_path(lab: str) -> str:
    return f"feeds/labs/{lab}.xml"


def lab_feeds(bundle: Bundle, base: str) -> Iterator[tuple[str, str, str]]:
    """Path, text and description of the feed of every lab with a model. `base`: the site's address with a slash."""
    names = {axis["id"]: axis["name"] for item in bundle.entities["benchmarks"] for axis in item["axes"]}
    names |= {item["id"]: item["name"] for item in bundle.entities["benchmarks"] if item["id"] not in names}
    models: dict[str, list[Row]] = defaultdict(list)
    for model in bundle.entities["models"]:
        models[model["lab"]].append(model)
    for lab in sorted(bundle.entities["labs"], key=lambda item: str(item["id"])):
        entries = [entry for model in models[lab["id"]] for entry in _entries(model, names, base)]
        if not entries:
            continue
        path = lab_feed_path(lab["id"])
        text = atom_feed(
            entries,
            site_url=f"{base}labs/{lab['id']}/",
            feed_url=base + path,
            title=f"capewatch: {lab['name']}",
            updated=f"{bundle.as_of}T12:00:00Z",
        )
        yield path, text, f"Atom feed of {lab['name']}: models and scores recorded"


def _entries(model: Row, names: Mapping[str, str], base: str) -> Iterator[FeedEntry]:
    """One entry a day on which scores of the model were recorded; the first day is the day the model was added."""
    days: dict[str, list[Row]] = defaultdict(list)
    for row in model["observations"]:
        days[row["recorded"]].append(row)
    for day in sorted(days):
        rows = days[day]
        added = day == min(days)
        what = (
            f"model added with {format.plural(len(rows), 'score')}"
            if added
            else f"{format.plural(len(rows), 'new score')}"
        )
        yield FeedEntry(
            id="urn:sha256:" + sha256_bytes(" ".join(("lab feed", model["lab"], model["id"], day))),
            title=f"{model['name']}: {what}",
            summary=_summary(rows, names),
            updated=f"{day}T12:00:00Z",
            link=f"{base}{model['page']}",
        )


def _summary(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    told = [
        f"{names.get(row['axis'] or row['benchmark'], row['benchmark'])} {format.amount(row['value'], row['unit'])} "
        f"({row['source_name']})"
        for row in rows[:MOST_SCORES]
    ]
    more = len(rows) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")
