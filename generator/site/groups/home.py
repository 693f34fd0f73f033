"""Fragments of the home page: what there is, how the headline pairs couple, the two phase diagrams, how fresh the data are."""

from __future__ import annotations

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.figures import pair_scatter
from generator.site.groups import board
from generator.site.page import Group
from generator.site.tables import Cell, Column
from generator.site.view import BASE, FRONTIER, View, link, source_link
from generator.site.wording import interval_kind

HEADLINES = (("maker", FRONTIER), ("epoch", FRONTIER), ("harness-v1", BASE))


def lead(view: View, _base: str) -> str:
    """What this is, in one sentence."""
    predictions = sum(row["file"]["kind"] == "prediction" for row in board.prediction_rows(view))
    claims = len(board.claim_rows(view))
    recorded = (
        f" It recomputes {format.plural(claims, 'published claim')} and keeps the record of "
        f"{format.plural(predictions, 'registered prediction')}."
        if claims and predictions
        else ""
    )
    return filled(
        '<p class="cw-hero">capewatch computes from sourced scores how abilities of language models rise and fall together.{} '
        "Anyone can recompute each number and each verdict.</p>",
        recorded,
    )


def counts(view: View, base: str) -> str:
    """How much there is, each number a link to the list behind it."""
    numbers = view.meta["counts"]
    entries = [
        ("observations", "data/", "sourced observations"),
        ("models", "models/", "models"),
        ("labs", "labs/", "labs"),
        ("families", "families/", "families"),
        ("benchmarks", "benchmarks/", "benchmarks"),
        ("sources", "data/#sources", "catalogued sources"),
    ]
    items = Markup("").join(
        filled('<li><a href="{}"><b>{}</b> {}</a></li>', f"{base}{target}", format.count(numbers[key]), text)
        for key, target, text in entries
    )
    return filled('<ul class="cw-counts">{}</ul>', items)


def couplings(view: View, base: str) -> str:
    """One card a headline pair: r, interval, n, and the null beside it."""
    cards = []
    for track, pair in HEADLINES:
        statistic = view.pair_statistic(track, "r", pair)
        if statistic is None:
            continue
        page = "frontier/" if pair == FRONTIER else "base/"
        cards.append(
            {
                "title": f"{view.axis_name(pair[0])} × {view.axis_name(pair[1])}",
                "track": view.track_name(track),
                "statistic": statistic,
                "kind": interval_kind(statistic["interval"]),
                "null": statistic["p"].get(f"permutation-within-{'lab' if pair == FRONTIER else 'family'}"),
                "groups": "labs" if pair == FRONTIER else "families",
                "href": link(base, page),
                "cited": view.pair_statistic(track, "r-cited", pair),
                "method": link(base, "method/"),
            }
        )
    return view.env.get_template("home-couplings.html.j2").render(cards=cards)


def diagrams(view: View, base: str) -> str:
    """The two phase diagrams side by side."""
    figures = [
        pair_scatter(view, track, pair, by=by, compact=True)
        for track, pair, by in (("maker", FRONTIER, "lab"), ("harness-v1", BASE, "size"))
    ]
    return filled('<div class="cw-pair">\n{}\n</div>', Markup("\n").join(f.html(base) for f in figures if f))


def freshness(view: View, base: str) -> str:
    """Newest day of each source that a page uses or that is older than it may be: as many stale ones as the stamp counts."""
    note = filled(
        '<p class="cw-small">Sources that a page uses, and stale ones. The catalogue has <a href="{}">{}</a>.</p>',
        link(base, "data/#sources"),
        format.count(len(view.meta["freshness"])),
    )
    return filled("{}\n{}", freshness_table(view, only_used=True), note)


def freshness_table(view: View, *, only_used: bool) -> Markup:
    columns = (
        Column("Source"),
        Column("Newest data", "day"),
        Column("Age, days", "number"),
        Column("Limit, days", "number"),
        Column("Status"),
    )
    body = []
    for row in view.meta["freshness"]:
        if only_used and not row["rows_used"] and not row["stale"]:
            continue
        body.append(
            (
                Cell(source_link(row["url"], row["name"]), row["name"]),
                Cell(format.day(row["newest"]), row["newest"]),
                tables.figure(row["age_days"], 0),
                tables.figure(row["max_age_days"], 0),
                _state(row),
            )
        )
    return tables.table(columns, body, caption="Freshness of the sources")


def _state(row: dict[str, object]) -> Cell:
    if row["newest"] is None:
        return Cell(Markup('<span class="cw-chip cw-chip--none">not pulled</span>'), "not pulled")
    if row["stale"]:
        return Cell(Markup('<span class="cw-chip cw-chip--warn">stale</span>'), "stale")
    return Cell(Markup('<span class="cw-chip cw-chip--ok">fresh</span>'), "fresh")


def stamp(view: View, _base: str) -> str:
    """Which data this is: the day and the version of the data."""
    meta = view.meta
    stale = sum(1 for row in meta["freshness"] if row["stale"])
    text = f"{format.plural(stale, 'source')} stale" if stale else "no source stale"
    return filled(
        '<p class="cw-stamp">Data as of <time datetime="{day}">{day}</time> · version {version} · data <code>{digest}</code> · '
        '<a href="#freshness">{stale}</a></p>',
        day=view.as_of,
        version=meta["version"],
        digest=str(meta["data_digest"])[:12],
        stale=text,
    )


GROUP = Group(
    "home",
    fragments={
        "home/lead": lead,
        "home/stamp": stamp,
        "home/board": board.board,
        "home/counts": counts,
        "home/couplings": couplings,
        "home/diagrams": diagrams,
        "home/freshness": freshness,
    },
)
