"""Data: every table to take away, where the numbers came from and under which licence, what matched nothing."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from generator.core import canonical_json
from generator.site import format, tables
from generator.site.escape import filled
from generator.site.feeds import lab_feed_path
from generator.site.groups.home import freshness_table
from generator.site.outputs import KINDS, TYPES
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.view import View, source_link

URL = "data/"
SHARING = {"yes": "yes", "derived": "derived values only", "no": "no"}


def pages(view: View) -> Iterator[Page]:
    body = view.render(
        "data.md.j2",
        URL,
        tables=[view.bundle.tables[name] for name in sorted(view.bundle.tables)],
        downloads=_downloads(view),
        sources=_sources(view),
        freshness=freshness_table(view, only_used=False),
        unmatched=_unmatched(view),
        meta=view.meta,
        dataset=_dataset(view),
        feeds=sorted(
            (
                (lab["name"], lab_feed_path(lab["id"]))
                for lab in view.bundle.entities["labs"]
                if any(model["lab"] == lab["id"] and model["observations"] for model in view.bundle.entities["models"])
            ),
            key=lambda feed: feed[0].lower(),
        ),
        badge=next(iter(view.h_rows("maker")), None),
    )
    yield Page(
        "data/index.md",
        "Data",
        "Every table as CSV, Parquet and JSON with metadata; sources, licences, freshness.",
        body,
    )


def _dataset(view: View) -> Markup:
    """The tables as a schema.org Dataset; a text from data cannot end the script element."""
    described = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": "capewatch: scores of language models and how they couple",
        "description": "Sourced benchmark scores of language models, the couplings, residuals and forecasts computed from them, and "
        "the verdicts on published claims and registered predictions.",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "version": str(view.meta["version"]),
        "dateModified": view.as_of,
        "isAccessibleForFree": True,
        "identifier": f"sha256:{view.meta['data_digest']}",
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{table.title}, {kind}",
                "encodingFormat": TYPES[kind],
                "contentUrl": f"tables/{name}.{kind}",
            }
            for name, table in sorted(view.bundle.tables.items())
            for kind in KINDS
        ],
    }
    text = canonical_json(described).strip().replace("<", "\\u003c")
    return filled('<script type="application/ld+json">{}</script>', Markup(text))  # noqa: S704 - no < is left in it


def _downloads(view: View) -> Markup:
    columns = (Column("Table"), Column("What it holds", wide=True), Column("Rows", "number"), Column("Download"))
    base = base_of(URL)
    body = []
    for name in sorted(view.bundle.tables):
        table = view.bundle.tables[name]
        links = Markup(" ").join(
            filled('<a href="{}data/tables/{}.{}" download>{}</a>', base, name, suffix, text)
            for suffix, text in (("csv", "CSV"), ("parquet", "Parquet"), ("json", "JSON"))
        )
        body.append(
            (
                Cell(filled('<a href="#table-{}">{}</a>', name, table.title), table.title),
                table.description,
                tables.figure(float(len(table.frame)), 0),
                Cell(filled('<span class="cw-links">{}</span>', links)),
            )
        )
    return tables.table(columns, body, caption="Tables to download", classes=tables.PHONE_STACKED)


def _sources(view: View) -> Markup:
    columns = (
        Column("Source"),
        Column("Rows used", "number", "observations on model pages, and those of training checkpoints"),
        Column("Licence"),
        Column("Raw data shared here"),
        Column("Terms read", "day"),
        Column("Newest pull, sha256"),
    )
    body = []
    for row in view.bundle.entities["sources"]:
        pull = row["pulls"][-1] if row["pulls"] else None
        body.append(
            (
                Cell(source_link(row["url"], row["name"]), row["name"]),
                tables.figure(float(row["rows_used"]), 0),
                Cell(
                    source_link(row["licence_url"], row["licence"]) if row["licence_url"] else row["licence"],
                    row["licence"],
                ),
                SHARING.get(row["redistribute"], row["redistribute"]),
                Cell(format.day(row["terms_read_on"]), row["terms_read_on"]),
                Cell(filled("<code>{}</code>", pull["payload_sha256"][:12]))
                if pull
                else Cell(Markup('<span class="cw-none">not pulled</span>')),
            )
        )
    return tables.table(columns, body, caption="Sources and licences")


def _unmatched(view: View) -> Markup | str:
    rows = view.rows("unmatched")
    if not rows:
        return ""
    columns = (Column("Source"), Column("Spelling"), Column("Rows", "number"), Column("Looks like"), Column("Decision"))
    body = [
        (
            view.sources[row["source"]]["name"] if row["source"] in view.sources else row["source"],
            Cell(filled("<code>{}</code>", row["spelling"]), row["spelling"]),
            tables.figure(row["rows"], 0),
            tables.text(row["near"]),
            tables.text(row["reason"] or "undecided"),
        )
        for row in rows
    ]
    return tables.table(columns, body, caption="Spellings that match no model")


GROUP = Group("data", pages)
