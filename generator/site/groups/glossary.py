"""Fragments of the Glossary: where each instrument is shown, and the papers' physics quantities with today's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.page import Group
from generator.site.published import no_value, publish_csv, publish_json
from generator.site.tables import Cell, Column
from generator.site.view import View, link
from generator.site.wording import has_estimate

Row = Mapping[str, Any]
# section of the bundle, address, name, what is there
_PLACES = (
    ("coefficients", "diagnose/", "Diagnose", "place a model by its scores"),
    ("bands", "base/", "Base models", "phases along size, γ12, Nc of each family"),
    ("rotation", "rotation/", "Rotation", "signal, saturation, co-activation"),
    ("cascade", "cascade/", "Cascade", "the claimed transitions Nc1 to Nc4"),
    ("matrices", "matrices/", "Matrices", "r of all axes, effective dimension, eigenvectors"),
    ("isoclines", "sensitivity/", "Sensitivity", "isoclines, nulls, partial r, range restriction, width"),
)
ALPHA = 0.05
HALF_A_DECADE = 0.5  # of generator.analysis.quantities: below it an exponent is not identified
_ABSENT = Markup("<p>This build carries none of these numbers.</p>")


def where(view: View, base: str) -> str:
    """A list of the pages that show the terms with today's numbers."""
    items = Markup("").join(
        filled('<li><a href="{}">{}</a>: {}</li>', link(base, url), name, text)
        for section, url, name, text in _PLACES
        if view.section(section)
    )
    return filled("<ul>{}</ul>", items) if items else Markup("<p>This build carries none of the wider analyses.</p>")


def families(view: View, base: str) -> str:
    """Kink, turning number, fixed point, exponential constant and distance exponent of every family with sizes enough."""
    section = view.section("physics")
    if not section:
        return _ABSENT
    columns = (
        Column("Family"), Column("Sizes", "number"), Column("Break at", "number", "break of the best broken line"),
        Column("p of the break", "number", "largest F over all breaks, against straight lines with noise"),
        Column("Turns", "number", "net turning of the path in revolutions"),
        Column("Fixed point, %", "number", "zero of a straight growth law of TruthfulQA"),
        Column("Exponential constant", "number"), Column("95 % interval", "number"),
        Column("Distance exponent"),
    )  # fmt: skip
    body = [_family(view, base, family, found) for family, found in section["families"].items()]
    path = publish_json(view, "physics", section)
    tested = [found["kink"]["p"]["largest F"] for found in section["families"].values() if has_estimate(found["kink"])]
    bounded = sum(found["fixed_point"]["interval"] is not None for found in section["families"].values())
    clear = sum(p < ALPHA for p in tested)
    said = (
        f"{len(tested)} families have the six sizes that a test of a break needs; in {clear} of them a break is better than a straight "
        f"line (p < {ALPHA}), where {format.number(ALPHA * len(tested), 1)} would be by chance. {bounded or 'None'} of the fixed points "
        f"{'has' if bounded <= 1 else 'have'} an interval with two ends."
    )
    return filled(
        '<p>{}</p>\n{}\n<p class="cw-small"><a href="{}" download>All of it as JSON</a></p>',
        said,
        tables.table(
            columns,
            body,
            caption="Physics quantities of each family, TruthfulQA against HellaSwag",
            classes=f"{tables.STACKED} {tables.NARROW}",
        ),
        link(base, path),
    )


def _family(view: View, base: str, family: str, found: Mapping[str, Row]) -> list[tables.Content]:
    kink, turning, fixed, exponential = (found[name] for name in ("kink", "turning", "fixed_point", "exponential"))
    name = view.family_name(family)
    linked = filled('<a href="{}">{}</a>', link(base, f"families/{family}/"), name) if family in view.families else name
    return [
        Cell(linked, name),
        tables.figure(turning["n"], 0),
        tables.size(kink["estimate"]) if has_estimate(kink) else Cell(no_value()),
        Cell(format.p_short(p), p) if (p := kink["p"].get("largest F")) is not None else Cell(no_value()),
        tables.figure(turning["estimate"], 2, sign=True),
        _fixed(fixed),
        tables.figure(exponential["estimate"]),
        _interval(exponential, 1),
        Cell(_exponent(found["distance"])),
    ]


def _fixed(statistic: Row) -> Cell:
    """The fixed point with its interval, where that has two ends."""
    return Cell(format.estimate(statistic, 1), statistic["estimate"]) if has_estimate(statistic) else Cell(no_value())


def _interval(statistic: Row, digits: int) -> Cell:
    bounds = statistic["interval"]
    return tables.bounds(bounds["low"], bounds["high"], digits) if bounds else Cell(no_value())


def _exponent(statistic: Row) -> Markup:
    if not has_estimate(statistic):
        return filled('<span class="cw-long"><span class="cw-none">{}</span></span>', statistic["reason"])
    details = statistic["details"]
    words = format.estimate(statistic, 1)
    held = "holds" if details["claimed_inside"] else "excludes"
    text = f"{words}, {held} {format.number(details['claimed'], 1)}"
    if details["decades"] < HALF_A_DECADE:
        text += f"; over {format.number(details['decades'], 2)} decades only, so not identified"
    return filled('<span class="cw-long">{}</span>', text)


def chain(view: View, base: str) -> str:
    """The chain of models L0 to L4 on the live panel and on the papers' table, each error beside predicting the mean."""
    section = view.section("physics")
    if not section:
        return _ABSENT
    tracks = (
        (view.track_name("paper-base"), section["paper_chain"]),
        (view.track_name(section["track"]), section["chain"]),
    )
    columns = (
        Column("Level"), Column("Model"), Column("Table"), Column("n", "number"), Column("Parameters", "number"),
        Column("Error, left out", "number", "mean relative error of a model left out"),
        Column("Predicting the mean", "number"), Column("Reading"),
    )  # fmt: skip
    rows = [(name, row) for name, found in tracks for row in found]
    body = [
        (
            row["level"],
            _named(view, row["model"]),
            name,
            tables.figure(row["n"], 0),
            tables.figure(row["parameters"], 0),
            Cell(format.percent(100 * row["error"], 2), row["error"]),
            Cell(format.percent(100 * row["baseline"], 2), row["baseline"]),
            "better than the mean" if row["error"] < row["baseline"] else "no better than the mean",
        )
        for name, row in sorted(rows, key=lambda item: item[1]["level"])
    ]
    path = publish_csv(view, "chain", [{"table": name, **row} for name, row in rows])
    return filled(
        '{}\n<p class="cw-small"><a href="{}" download>CSV</a></p>',
        tables.table(columns, body, caption="Chain of models", sortable=False, classes="cw-table--key"),
        link(base, path),
    )


def _named(view: View, model: str) -> str:
    """The regression in words, with the names of its axes."""
    return " ".join(
        view.axis_name(word.rstrip(",")) + ("," if word.endswith(",") else "") for word in model.split()
    ).replace("log N", f"log{format.NBSP}N")


def susceptibility(view: View, base: str) -> str:
    """How many of the 1/|γ12| have an upper end, and where the largest stand."""
    rows = (view.section("physics") or {}).get("sensitivity") or []
    if not rows:
        return _ABSENT
    bounded = [row for row in rows if row["bounded"]]
    top = max(rows, key=lambda row: row["sensitivity"])
    text = (
        f"Of {format.plural(len(rows), 'interval')}, {len(bounded)} have a 1/|γ12| with an upper end; for the others the interval of γ12 "
        f"contains zero, so the value has none. The largest, {format.number(top['sensitivity'], 0)} at {format.size(top['n_mid'])} "
        f"({view.family_name(top['family'])}), is "
        f"{'bounded' if top['bounded'] else 'one of those: a peak of 1/|γ12| is noise about zero'}."
    )
    path = publish_csv(view, "sensitivity-of-scale", rows)
    return filled('<p>{} <a href="{}" download>CSV</a></p>', text, link(base, path))


GROUP = Group(
    "glossary",
    fragments={
        "glossary/where": where,
        "glossary/families": families,
        "glossary/chain": chain,
        "glossary/susceptibility": susceptibility,
    },
)
