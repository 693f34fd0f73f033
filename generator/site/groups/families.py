"""Families: how the scores of one recipe move with size; γ12 of each interval with its error; a page each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.claim_words import prose
from generator.site.escape import filled
from generator.site.family_figures import family_ladder, gamma_chart
from generator.site.groups.base import critical_size
from generator.site.groups.labs import model_table
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.twins import gamma_table
from generator.site.view import View, lab_chip
from generator.site.wording import gamma_sentence

INDEX = "families/"
TRACK = "harness-v1"
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    families = sorted(view.bundle.entities["families"], key=lambda family: (-family["n_models"], family["id"]))
    yield Page(
        "families/index.md",
        "Families",
        f"{format.plural(len(families), 'family', 'families')}: scores against size and local coupling.",
        view.render("families.md.j2", INDEX, table=_table(view, families)),
        hide=("toc",),
    )
    for family in families:
        yield _page(view, family)


def _table(view: View, families: Sequence[Row]) -> Markup:
    base = base_of(INDEX)
    within = {row["family"]: row for row in view.rows(f"families-{TRACK}")}
    columns = (
        Column("Family"),
        Column("Lab"),
        Column("Models", "number"),
        Column("Smallest", "number", desk=True),
        Column("Largest", "number"),
        Column("r within", "number", "HellaSwag against TruthfulQA over the sizes"),
        Column("95 % interval", "number"),
        Column("Critical size Nc"),
    )
    body = []
    for family in families:
        sizes = [size for size in map(view.size_of, family["models"]) if size is not None]
        row = within.get(family["id"])
        body.append(
            (
                Cell(filled('<a href="{}families/{}/">{}</a>', base, family["id"], family["name"]), family["name"]),
                Cell(lab_chip(view, family["lab"], base), family["lab"]),
                tables.figure(float(family["n_models"]), 0),
                tables.size(min(sizes, default=None)),
                tables.size(max(sizes, default=None)),
                tables.figure(row["r"] if row else None, 2, sign=True),
                tables.bounds(row["low"], row["high"], 2, sign=True)
                if row and format.known(row["low"])
                else tables.figure(None),
                critical_size(view, TRACK, family["id"]),
            )
        )
    return tables.table(columns, body, caption="Families", tall=False, whole=True, classes="cw-table--sizes")


def _page(view: View, family: Row) -> Page:
    url = f"families/{family['id']}/"
    base = base_of(url)
    parts = []
    for track in family["tracks"]:
        ladder = family_ladder(view, family, track)
        rows = [row for row in view.gamma_by_family.get(family["id"], {}).get(track, []) if format.known(row["gamma"])]
        chart = gamma_chart(view, track, rows, name=f"{family['id']}-{track}") if len(rows) > 1 else None
        twin = gamma_table(view, rows, base, caption="γ12 of consecutive sizes", with_family=False) if rows else ""
        if ladder or rows:
            parts.append(
                {
                    "name": view.track_name(track),
                    "ladder": ladder.html(base) if ladder else "",
                    "gamma": chart.html(base) if chart else "",
                    "table": twin,
                    "finding": gamma_sentence(rows) if rows else "",
                }
            )
    critical = view.statistic(f"{TRACK}/nc/{family['id']}")
    body = view.render(
        "family.md.j2",
        url,
        family=family,
        lab=lab_chip(view, family["lab"], base),
        tracks=parts,
        models=model_table(view, family["models"], base, with_family=False),
        critical=critical,
        prose=partial(prose, view),
        critical_text=critical_size(view, TRACK, family["id"]).html,
    ) + view.stale_note(tracks=(TRACK,))
    description = (
        f"{family['name']}: {format.plural(family['n_models'], 'model')}, scores against size and local coupling γ12."
    )
    return Page(
        f"families/{family['id']}.md",
        family["name"],
        description,
        body,
        search=description,
        edit=f"data/families/{family['id']}.yaml",
    )


GROUP = Group("families", pages)
