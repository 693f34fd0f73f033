"""Benchmarks: what each measures, its state, who leads on it in each track; a page each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.figures import score_timeline
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.view import View, lab_chip, link, model_link, source_link

INDEX = "benchmarks/"
STATES = {"active": "ok", "saturating": "warn", "retired": "none"}
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    benchmarks = sorted(view.bundle.entities["benchmarks"], key=lambda item: (-item["n_observations"], item["id"]))
    yield Page(
        "benchmarks/index.md",
        "Benchmarks",
        f"{format.plural(len(benchmarks), 'benchmark')}: what they measure, their state, their leaders.",
        view.render("benchmarks.md.j2", INDEX, table=_table(benchmarks)),
        hide=("toc",),
    )
    for benchmark in benchmarks:
        yield _page(view, benchmark)


def state_chip(status: Row) -> Cell:
    state = str(status["state"])
    return Cell(filled('<span class="cw-chip cw-chip--{}">{}</span>', STATES.get(state, "none"), state), state)


def _table(benchmarks: Sequence[Row]) -> Markup:
    base = base_of(INDEX)
    columns = (
        Column("Benchmark"),
        Column("Ability"),
        Column("State"),
        Column("Items", "number"),
        Column("Chance", "number"),
        Column("Observations", "number"),
        Column("Measures", wide=True),
    )
    body = [
        (
            Cell(filled('<a href="{}benchmarks/{}/">{}</a>', base, item["id"], item["name"]), item["name"]),
            item["ability"],
            state_chip(item["status"]),
            tables.figure(item["n_items"], 0),
            Cell(format.amount(item["chance"], item["unit"], 1), item["chance"])
            if format.known(item["chance"])
            else tables.figure(None),
            tables.figure(float(item["n_observations"]), 0),
            Cell(filled('<span class="cw-long">{}</span>', item["measures"])),
        )
        for item in benchmarks
    ]
    attributes = Markup(' data-cw-filter="benchmarks"')
    return tables.table(columns, body, caption="Benchmarks", attributes=attributes, tall=False, classes=tables.STACKED)


def _page(view: View, item: Row) -> Page:
    url = f"benchmarks/{item['id']}/"
    base = base_of(url)
    tracks = []
    for track, axes in item["tracks"].items():
        for axis in axes:
            chart = score_timeline(view, axis["axis"], track, view.bundle.entities["models"])
            tracks.append(
                {
                    "track": view.track_name(track),
                    "name": axis["name"],
                    "n": axis["n_models"],
                    "chart": chart.html(base) if chart else "",
                    "table": _leaders(view, axis, base),
                }
            )
    replaced = view.benchmarks.get(item["replaced_by"] or "")
    body = view.render(
        "benchmark.md.j2",
        url,
        item=item,
        tracks=tracks,
        state=state_chip(item["status"]).html,
        replaced=replaced,
        citation=source_link(item["citation"]["url"], item["citation"]["title"]),
    ) + view.stale_note(tracks=item["tracks"])
    return Page(
        f"benchmarks/{item['id']}.md",
        item["name"],
        f"{item['name']}: {item['measures']}",
        body,
        search=f"{item['ability']}: {item['measures']}",
        edit=f"data/benchmarks/{item['id']}.yaml",
    )


def _leaders(view: View, axis: Row, base: str) -> Markup:
    unit = view.axis_unit(axis["axis"])
    words = format.UNIT_WORDS.get(unit, unit)
    columns = [Column("Model"), Column("Lab"), Column(f"Score, {words}", "number")]
    erring = any(format.known(row["stderr"]) for row in axis["top"])
    if erring:
        columns.append(Column(f"Standard error, {'pp' if unit == 'percent' else words}", "number"))
    body = [
        (
            Cell(model_link(view, row["model"], base, row["name"]), row["name"]),
            Cell(lab_chip(view, row["lab"], base), row["lab"]),
            tables.figure(row["value"]),
            *([tables.figure(row["stderr"], 2)] if erring else []),
        )
        for row in axis["top"]
    ]
    caption = f"First {len(body)} of {axis['n_models']} on {axis['name']}"
    listed = tables.table(columns, body, caption=caption, classes=tables.PHONE_STACKED)
    if len(body) == axis["n_models"]:
        return listed
    return filled(
        '{}\n<p class="cw-small">The first {} of {} models; all are in the <a href="{}">table of models</a>.</p>',
        listed,
        len(body),
        axis["n_models"],
        link(base, "models/"),
    )


GROUP = Group("benchmarks", pages)
