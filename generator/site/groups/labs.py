"""Labs: how many models and observations each has, how its models stand to the frontier trend; a page each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.figures import h_timeline
from generator.site.groups.lab_details import lab_details, release_table
from generator.site.page import Group, Page, base_of
from generator.site.raw import marked
from generator.site.tables import Cell, Column
from generator.site.twins import h_table
from generator.site.view import FRONTIER, FRONTIER_TRACKS, View, lab_chip, source_link

INDEX = "labs/"
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    labs = sorted(view.bundle.entities["labs"], key=lambda lab: (-lab["n_models"], lab["id"]))
    yield Page(
        "labs/index.md",
        "Labs",
        f"{format.plural(len(labs), 'lab')}: their models and where they stand to the trend.",
        view.render("labs.md.j2", INDEX, table=_table(view, labs)),
        hide=("toc",),
    )
    for lab in labs:
        yield _page(view, lab)


def _table(view: View, labs: Sequence[Row]) -> Markup:
    base = base_of(INDEX)
    means = {row["lab"]: row for row in view.rows("labs-maker")}
    columns = (
        Column("Lab"),
        Column("Models", "number"),
        Column("Newest model"),
        Column("Released", "day"),
        Column("Mean h, pp", "number", "maker-reported scores"),
        Column("95 % interval", "number"),
        Column("n", "number", "models with both scores"),
    )
    body = []
    for lab in labs:
        newest = max((view.models[m] for m in lab["models"]), key=lambda m: str(m["released_day"] or ""), default=None)
        row = means.get(lab["id"])
        body.append(
            (
                Cell(lab_chip(view, lab["id"], base), lab["name"]),
                tables.figure(float(lab["n_models"]), 0),
                Cell(filled('<a href="{}{}">{}</a>', base, newest["page"], newest["name"]), newest["name"])
                if newest
                else "",
                Cell(format.day(newest["released"]), newest["released_day"]) if newest else "",
                *_mean_cells(row),
            )
        )
    return tables.table(columns, body, caption="Labs", tall=False)


def _mean_cells(row: Row | None) -> tuple[Cell, Cell, Cell]:
    """Mean h, its interval and n; a lab without a model of both scores has no h, which is said once."""
    if row is None:
        return Cell(Markup('<span class="cw-none">none</span>')), Cell(""), Cell("")
    interval = tables.figure(None)
    if format.known(row["low"]):
        interval = tables.bounds(row["low"], row["high"], sign=True)
    return tables.figure(row["mean_h"], sign=True), interval, tables.figure(row["n"], 0)


def _page(view: View, lab: Row) -> Page:
    url = f"labs/{lab['id']}/"
    base = base_of(url)
    tracks = []
    for track in FRONTIER_TRACKS:
        rows = [row for row in view.h_rows(track) if row["lab"] == lab["id"]]
        if not rows:
            continue
        summary = next((row for row in view.rows(f"labs-{track}") if row["lab"] == lab["id"]), None)
        timeline = (
            h_timeline(
                view,
                track,
                rows,
                name=f"{lab['id']}-{track}",
                who=lab["name"],
                lab=lab["id"],
                table=release_table(view, lab["id"], track, base),
            )
            if len(rows) > 1
            else None
        )
        table = h_table(view, rows, FRONTIER, base, caption=f"Residual h, {view.track_name(track)}", with_lab=False)
        tracks.append(
            {
                "name": view.track_name(track),
                "summary": summary,
                "chart": timeline.html(base) if timeline else "",
                "table": table,
                "details": Markup(marked(str(lab_details(view, lab["id"], track)))),  # noqa: S704 - markup of our own
            }
        )
    body = view.render(
        "lab.md.j2",
        url,
        lab=lab,
        tracks=tracks,
        models=model_table(view, lab["models"], base),
        site=source_link(lab["url"], urlsplit(lab["url"] or "").netloc),
    ) + view.stale_note(tracks=FRONTIER_TRACKS)
    description = f"{lab['name']}: {format.plural(lab['n_models'], 'model')} with their scores and residuals from the frontier trend."
    return Page(
        f"labs/{lab['id']}.md", lab["name"], description, body, search=description, edit=f"data/labs/{lab['id']}.yaml"
    )


def model_table(view: View, models: list[str], base: str, *, with_family: bool = True) -> Markup:
    """Models of a lab or a family, newest first; families and sizes only where one of the models has them."""
    columns = [
        Column("Model"),
        Column("Family"),
        Column("Kind"),
        Column("Released", "day"),
        Column("Parameters", "number"),
        Column("Scores", "number"),
    ]
    rows = sorted(
        (view.models[m] for m in models), key=lambda m: (str(m["released_day"] or ""), m["params"] or 0), reverse=True
    )
    body = [
        (
            Cell(filled('<a href="{}{}">{}</a>', base, model["page"], model["name"]), model["name"]),
            Cell(
                filled('<a href="{}families/{}/">{}</a>', base, model["family"], model["family_name"]),
                model["family_name"],
            )
            if model["family"] in view.families
            else tables.text(None),
            model["kind"],
            Cell(format.day(model["released"]), model["released_day"]),
            tables.size(model["params"]),
            tables.figure(float(len(model["observations"])), 0),
        )
        for model in rows
    ]
    left_out = {
        "Family": not with_family or not any(model["family"] in view.families for model in rows),
        "Parameters": not any(format.known(model["params"]) for model in rows),
    }
    kept = [index for index, column in enumerate(columns) if not left_out.get(column.label)]
    return tables.table(
        [columns[index] for index in kept], [[cells[index] for index in kept] for cells in body], caption="Models"
    )


GROUP = Group("labs", pages)
