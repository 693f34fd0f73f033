"""What changed: a page a version and a replay, an index, three lines for the home page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from generator.report.changes import Changes
from generator.report.changes.records import ChangeList
from generator.report.history import ChangeFile
from generator.site import format, tables
from generator.site.change_tables import ChangeTables
from generator.site.escape import filled
from generator.site.page import Group, Page, base_of
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import View, link

INDEX = "changes/"
FEED = "feeds/changes.xml"
HOME_LINES = 3
IN_CLAIMS = "claims/"
#: List of `Changes`, heading, and whether it stands folded: long lists that few read.
PARTS: tuple[tuple[ChangeList, str, bool], ...] = (
    ("predictions", "Predictions", False),
    ("claims", "Verdicts of claims", False),
    ("models", "Models", False),
    ("statistics", "Statistics", False),
    ("statistics", "Statistics quoted by claims", True),
    ("scores", "Scores that a track uses", False),
    ("h", "h-field", True),
    ("phases", "Phases of size steps", False),
    ("sources", "Sources", False),
    ("entities", "Other entries", False),
    ("edits", "Fields edited", False),
    ("observations", "Observations", True),
)


def change_files(view: View) -> list[ChangeFile]:
    """The change files of the bundle, newest first."""
    section = view.section("changes") or {}
    return [ChangeFile.model_validate(item) for item in section.get("items", ())]


def pages(view: View) -> Iterator[Page]:
    files = change_files(view)
    if not files:
        return
    kinds = {kind: [item for item in files if item.kind == kind] for kind in ("version", "replay")}
    yield Page(
        "changes/index.md",
        "What changed",
        "What changed between versions of this site: models, scores, statistics, verdicts and standings, each with its cause.",
        view.render(
            "changes.md.j2",
            INDEX,
            versions=_index(kinds["version"], "Versions") if kinds["version"] else "",
            replays=_index(kinds["replay"], "Replays") if kinds["replay"] else "",
            feed=FEED,
        ),
    )
    yield from (_page(view, item) for item in files)


def title_of(item: ChangeFile) -> str:
    old, new = item.changes.old, item.changes.new
    if item.kind == "version":
        return f"What changed in version {item.name}"
    return f"Replay: {old.as_of} to {new.as_of}"


def _short(item: ChangeFile) -> str:
    old, new = item.changes.old, item.changes.new
    return f"{old.label} to {item.name}" if item.kind == "version" else f"{old.as_of} to {new.as_of}"


def _index(files: list[ChangeFile], caption: str) -> Markup:
    base = base_of(INDEX)
    columns = (
        Column("Change"),
        Column("Models added", "number"),
        Column("Panel scores", "number"),
        Column("Statistics moved", "number"),
        Column("Standings flipped", "number"),
        Column("Verdicts flipped", "number"),
    )
    body = []
    for item in files:
        counts = item.changes.counts()
        body.append(
            (
                Cell(
                    filled(
                        '<a href="{}">{}</a><span class="cw-line">{}</span>',
                        link(base, _url(item)),
                        _short(item),
                        format.sentence(item.changes.summary),
                    ),
                    item.name,
                ),
                *(
                    tables.figure(float(counts[name]), 0)
                    for name in ("models added", "scores", "statistics", "predictions flipped", "verdicts")
                ),
            )
        )
    return tables.table(columns, body, caption=caption, tall=False, classes=tables.STACKED)


def _url(item: ChangeFile) -> str:
    return f"changes/{item.name}/"


def told(view: View, text: str) -> str:
    """A stored headline with the names of tracks in the place of their ids."""
    ids = "|".join(re.escape(track) for track in view.tracks)
    known = re.compile(rf"(?<=\()(?:{ids})(?=\))|(?<=track )(?:{ids})\b|(?<=\d in )(?:{ids})\b")
    return known.sub(lambda found: f"“{view.track_name(found.group())}”", text)


def _page(view: View, item: ChangeFile) -> Page:
    url = _url(item)
    made = ChangeTables(view, base_of(url))
    changes = item.changes
    parts = [
        {
            "title": title,
            "folded": folded,
            "n": len(rows),
            "table": made.of(name, rows),
        }
        for name, title, folded in PARTS
        if (rows := _rows(changes, name, title))
    ]
    body = view.render(
        "change.md.j2",
        url,
        title=title_of(item),
        item=item,
        changes=changes,
        told=partial(told, view),
        parts=parts,
        beside=_beside(changes),
        json=f"api/v1/changes/{item.name}.json",
    )
    return Page(
        f"changes/{item.name}.md", title_of(item), f"{title_of(item)}: {changes.summary}.", body, search=changes.summary
    )


def _rows(changes: Changes, name: ChangeList, title: str) -> Sequence[Any]:
    """The rows of a part. Claims quote statistics that stand in the report as well: those have a part of their own."""
    rows: Sequence[Any] = getattr(changes, name)
    if name != "statistics":
        return rows
    return [row for row in rows if row.id.startswith(IN_CLAIMS) == ("claims" in title)]


def _beside(changes: Changes) -> Markup:
    """What differs beside the data, as a list; a dash for nothing."""
    if not changes.settings:
        return no_value("nothing: the same code, seed, resamples and libraries")
    return Markup(", ").join(
        filled("{} {} → {}", item.name, item.old or "none", item.new or "none") for item in changes.settings
    )


def changed(view: View, base: str) -> str:
    """Three lines on what changed last, with a link; nothing before the first change file."""
    files = change_files(view)
    if not files:
        return ""
    item: ChangeFile = next((item for item in files if item.kind == "version"), files[0])
    lines: list[Any] = [told(view, entry.text) for entry in item.changes.headlines[:HOME_LINES]] or [
        item.changes.summary
    ]
    what = (
        f"Version {item.name} against {item.changes.old.label}"
        if item.kind == "version"
        else f"Scores public by {item.changes.new.as_of} against {item.changes.old.as_of}, replayed by the present code"
    )
    rest = len(item.changes.headlines) - len(lines)
    return filled(
        '<h2 id="what-changed">What changed</h2>\n<p class="cw-small">{}.</p>\n<ul class="cw-changed">{}</ul>\n'
        '<p><a href="{}">{}</a> · <a href="{}">All changes</a></p>',
        what,
        Markup("").join(filled("<li>{}</li>", format.sentence(str(line))) for line in lines),
        link(base, _url(item)),
        f"{format.plural(rest, 'more line')}, with every score and its source"
        if rest > 0
        else "Every score with its source",
        link(base, INDEX),
    )


GROUP = Group("changes", pages, fragments={"home/changed": changed})
