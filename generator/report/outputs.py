"""Ready-made texts for programs: badges, feeds and the calendar of the predictions.

Addresses are not known before a site is rendered: SITE stands for the site's address, and the renderer puts the real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.predictions import (
    Book,
    Evaluation,
    FeedEntry,
    atom_feed,
    badge_json,
    calendar,
    ledger_entries,
    overall_badge_json,
    prediction_json,
    predictions_json,
    read_ledger,
)
from generator.report.history import ChangeFile

SITE = "https://site.invalid/"


def changes_feed(files: Sequence[ChangeFile], *, as_of: str) -> dict[str, str]:
    """Path below the site's root -> Atom feed of the change files, one entry each; nothing without any."""
    if not files:
        return {}
    path = "feeds/changes.xml"
    entries = [
        FeedEntry(
            id=f"{SITE}changes/{item.name}/",
            title=f"Version {item.name}" if item.kind == "version" else f"Replay {item.name.replace('_', ' to ')}",
            summary="; ".join(line.text for line in item.changes.headlines) or item.changes.summary,
            updated=f"{item.changes.new.as_of}T12:00:00Z",
            link=f"{SITE}changes/{item.name}/",
        )
        for item in files
    ]
    noon = f"{as_of}T12:00:00Z"
    return {path: atom_feed(entries, site_url=SITE, feed_url=SITE + path, title="capewatch changes", updated=noon)}


def prediction_outputs(root: Path, book: Book, evaluations: Sequence[Evaluation], *, as_of: str) -> dict[str, str]:
    """Path below the site's root -> text: API lists, badges (shields.io endpoints), Atom feeds, iCalendar."""
    noon = f"{as_of}T12:00:00Z"
    numbered = [evaluation for evaluation in evaluations if evaluation.number is not None]
    files = {
        "api/v1/predictions.json": predictions_json(evaluations),
        "api/v1/badges/predictions.json": overall_badge_json(numbered),
        "feeds/deadlines.ics": calendar(book.ordered(), site_url=SITE, stamp=noon),
    }
    everything = []
    for evaluation in evaluations:
        prediction, ledger = book.get(evaluation.id), read_ledger(root, evaluation.id)
        entries = ledger_entries(prediction, ledger, site_url=SITE)
        everything += entries
        path = f"feeds/predictions/{evaluation.id}.xml"
        files |= {
            f"api/v1/predictions/{evaluation.id}.json": prediction_json(prediction, evaluation, ledger),
            f"api/v1/badges/{evaluation.id}.json": badge_json(evaluation),
            path: atom_feed(entries, site_url=SITE, feed_url=SITE + path, title=prediction.title, updated=noon),
        }
    path = "feeds/predictions.xml"
    files[path] = atom_feed(
        everything, site_url=SITE, feed_url=SITE + path, title="capewatch predictions", updated=noon
    )
    return files
