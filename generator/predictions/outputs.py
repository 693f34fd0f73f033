"""What leaves the site beside pages: JSON, an Atom feed, an iCalendar of deadlines, badges. Pure functions that return text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from generator.core import canonical_json
from generator.predictions.chain import Chain
from generator.predictions.instants import Instant
from generator.predictions.result import Evaluation
from generator.schema.prediction import Prediction

#: Characters that XML 1.0 does not allow at all.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FOLD_OCTETS = 75
_COLOURS = {
    "passed": "brightgreen",
    "failed": "red",
    "undetermined": "blueviolet",
    "annulled": "lightgrey",
    "awaiting data": "blue",
    "not yet registered": "lightgrey",
}
_OPEN_COLOURS = {
    "on course to pass": "green",
    "on course to fail": "orange",
    "undetermined": "blueviolet",
    "too few data": "lightgrey",
}


@dataclass(frozen=True)
class FeedEntry:
    """id: a URI that never changes; updated: instant in UTC (…Z); link: absolute address of the page."""

    id: str
    title: str
    summary: str
    updated: str
    link: str


def predictions_json(evaluations: Iterable[Evaluation]) -> str:
    """The list behind ``api/v1/predictions.json`` and ``capewatch score --json``."""
    return canonical_json([evaluation.as_dict() for evaluation in evaluations], indent=1)


def prediction_json(prediction: Prediction, evaluation: Evaluation, ledger: Chain) -> str:
    """Everything about one prediction: the file as data, the evaluation, the ledger."""
    file = prediction.model_dump(mode="json", by_alias=True, exclude_none=True)
    events = [
        {
            "sequence": line.sequence,
            "at": line.at,
            "event": line.event,
            "body": dict(line.body),
            "previous": line.previous,
            "hash": line.hash,
        }
        for line in ledger.lines
    ]
    return canonical_json({"prediction": file, "evaluation": evaluation.as_dict(), "ledger": events}, indent=1)


def badge_json(evaluation: Evaluation) -> str:
    """A shields.io endpoint for one prediction: the state, or for an open one its standing."""
    number = f" {evaluation.number}" if evaluation.number is not None else ""
    state = evaluation.shown_state
    if state == "open":
        return _badge(f"prediction{number}", f"open, {evaluation.standing}", _OPEN_COLOURS[evaluation.standing])
    return _badge(f"prediction{number}", state, _COLOURS[state])


def overall_badge_json(evaluations: Iterable[Evaluation]) -> str:
    """A shields.io endpoint for all: how many passed of those that passed or failed; the others are counted, not judged."""
    states = [evaluation.shown_state for evaluation in evaluations]
    passed, failed = states.count("passed"), states.count("failed")
    parts = [f"{passed} of {passed + failed} passed" if passed + failed else "none decided"]
    beside = {
        "open": states.count("open"),
        "awaiting data": states.count("awaiting data"),
        "undetermined or annulled": states.count("undetermined") + states.count("annulled"),
        "not yet registered": states.count("not yet registered"),
    }
    parts += [f"{number} {words}" for words, number in beside.items() if number]
    colour = "lightgrey" if not passed + failed else "brightgreen" if passed >= failed else "orange"
    return _badge("predictions", ", ".join(parts), colour)


def ledger_entries(prediction: Prediction, ledger: Chain, *, site_url: str) -> list[FeedEntry]:
    """One feed entry an event, oldest first."""
    page = prediction_url(site_url, prediction.id)
    entries = []
    for line in ledger.lines:
        words = {
            "resolved": f"resolved: {line.body.get('outcome', '')}",
            "evaluated": f"now {line.body.get('standing', '')}",
            "sealed": "sealed",
        }.get(line.event, f"{line.event}: {line.body.get('reason', '')}")
        entries.append(
            FeedEntry(f"urn:sha256:{line.hash}", f"{prediction.title}: {words}", prediction.statement, line.at, page)
        )
    return entries


def atom_feed(
    entries: Iterable[FeedEntry], *, site_url: str, feed_url: str, title: str, updated: str, limit: int = 100
) -> str:
    """An Atom feed (RFC 4287), newest first, at most `limit` entries. `updated` is used when there is no entry."""
    newest = sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)[:limit]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"  <id>{_xml(feed_url)}</id>",
        f"  <title>{_xml(title)}</title>",
        f"  <updated>{_xml(newest[0].updated if newest else updated)}</updated>",
        f'  <link rel="self" type="application/atom+xml" href={_attribute(feed_url)}/>',
        f'  <link rel="alternate" type="text/html" href={_attribute(site_url)}/>',
        "  <author><name>capewatch</name></author>",
    ]
    for entry in newest:
        lines += [
            "  <entry>",
            f"    <id>{_xml(entry.id)}</id>",
            f"    <title>{_xml(entry.title)}</title>",
            f"    <updated>{_xml(entry.updated)}</updated>",
            f'    <link rel="alternate" type="text/html" href={_attribute(entry.link)}/>',
            f"    <summary>{_xml(entry.summary)}</summary>",
            "  </entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def calendar(predictions: Iterable[Prediction], *, site_url: str, stamp: str) -> str:
    """An iCalendar (RFC 5545) of deadlines, one event each, in UTC. stamp: instant of the data (with a zone)."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//capewatch//predictions//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        "X-WR-CALNAME:" + _ical("Prediction deadlines"),
    ]  # fmt: skip
    for prediction in sorted(predictions, key=lambda p: (p.closes is None, p.closes or "", p.id)):
        if prediction.closes is None:
            continue
        closes = Instant.parse(prediction.closes)
        latest = "latest end of" if prediction.event else "deadline of"
        number = f"{prediction.number}: " if prediction.number is not None else ""
        lines += [
            "BEGIN:VEVENT",
            f"UID:{prediction.id}@capewatch",
            f"DTSTAMP:{_utc(Instant.parse(stamp).utc)}",
            f"DTSTART:{_utc(closes.utc)}",
            "SUMMARY:" + _ical(f"{latest} prediction {number}{prediction.title}"),
            "DESCRIPTION:" + _ical(f"{prediction.statement}\n\n{prediction.origin.title}, {prediction.origin.url}"),
            f"URL:{prediction_url(site_url, prediction.id)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return folded([*lines, "END:VCALENDAR"])


def folded(lines: Iterable[str]) -> str:
    """The lines of a calendar, each at most 75 octets; longer ones go on in the next row after a blank (RFC 5545)."""
    return "".join(_folded(line) + "\r\n" for line in lines)


def unfolded(text: str) -> list[str]:
    """The lines that `folded` was given."""
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def prediction_url(site_url: str, identity: str) -> str:
    """Address of the page of one prediction."""
    return f"{site_url.rstrip('/')}/predictions/{quote(identity)}/"


def pass_rate(evaluations: Sequence[Evaluation]) -> Mapping[str, int | float | None]:
    """Counts by state and the share passed of those that passed or failed (None when none did)."""
    states = [evaluation.shown_state for evaluation in evaluations]
    decided = states.count("passed") + states.count("failed")
    counts: dict[str, int | float | None] = {state: states.count(state) for state in sorted(set(states))}
    return {**counts, "pass_rate": states.count("passed") / decided if decided else None}


def _badge(label: str, message: str, colour: str) -> str:
    body: dict[str, Any] = {"schemaVersion": 1, "label": label, "message": message, "color": colour}
    return canonical_json(body)


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


def _utc(instant: dt.datetime) -> str:
    return instant.strftime("%Y%m%dT%H%M%SZ")


def _ical(text: str) -> str:
    """TEXT of RFC 5545: backslash, semicolon, comma and newline are escaped, other control characters dropped."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in text.replace("\n", "\\n") if character >= " " and character != "\x7f")


def _folded(line: str) -> str:
    """The line folded to at most 75 octets each, never inside a character."""
    rows: list[bytes] = []
    row = b""
    for character in line:
        octets = character.encode("utf-8", "replace")
        room = _FOLD_OCTETS - (1 if rows else 0)
        if len(row) + len(octets) > room:
            rows.append(row)
            row = b""
        row += octets
    return "\r\n ".join(part.decode() for part in [*rows, row])
