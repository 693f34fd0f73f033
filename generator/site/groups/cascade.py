"""Cascade: the four claimed transitions, each with what would show it, its test, its power and its verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.axes import capital, named, short
from generator.site.escape import filled
from generator.site.groups.steering_internals import finding as internals_finding
from generator.site.groups.steering_internals import measured
from generator.site.page import Group, Page, base_of
from generator.site.plots import Panel, Plots, Span
from generator.site.published import no_value, publish_csv, publish_json, stamp
from generator.site.tables import Cell, Column
from generator.site.view import View

URL = "cascade/"
CHIPS = {"shown": "ok", "not shown": "none", "cannot be told": "wait"}
WELL_POWERED = 0.8  # the customary power of a test
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    section = view.section("cascade")
    if not section:
        return
    base = base_of(URL)
    paths = [publish_csv(view, "cascade", [_flat(row) for row in section]), publish_json(view, "cascade", section)]
    sentence = finding(section)
    body = view.render(
        "cascade.md.j2",
        URL,
        sentence=sentence,
        stamp=stamp(view, base, track="harness-v1", more=f"and “{view.track_name('maker')}”", paths=paths),
        overview=overview(view, section),
        transitions=[_transition(view, row, base) for row in section],
        inside=internals_sentence(view),
    )
    yield Page("cascade/index.md", "Cascade", sentence, body)


def finding(section: Sequence[Row]) -> str:
    """How many of the claimed transitions the data show."""
    groups = {verdict: [row["id"] for row in section if row["verdict"] == verdict] for verdict in CHIPS}
    parts = [f"{verdict}: {', '.join(ids)}" for verdict, ids in groups.items() if ids]
    return (
        f"Of {format.plural(len(section), 'claimed transition')}, {format.count(len(groups['shown']))} "
        f"{'is' if len(groups['shown']) == 1 else 'are'} shown by the data ({'; '.join(parts)})."
    )


def internals_sentence(view: View) -> str:
    """What our own measurement of internal coupling found; empty before one is stored."""
    found = measured(view)
    return internals_finding(found) if found else ""


def chip(verdict: str) -> Markup:
    return filled('<span class="cw-chip cw-chip--{}">{}</span>', CHIPS.get(verdict, "none"), verdict)


def overview(view: View, section: Sequence[Row]) -> Markup:
    columns = (
        Column("Transition"),
        Column("Verdict"),
        Column("Claim and test"),
        Column("Value", "number"),
        Column("95 % interval", "number"),
        Column("n", "number"),
    )
    body = []
    for row in section:
        test = row["test"]
        bounds = test["interval"] or {}
        body.append(
            (
                Cell(filled('<a href="#{}">{}</a>', row["id"].lower(), row["id"]), row["id"]),
                Cell(chip(row["verdict"]), row["verdict"]),
                filled(
                    '<span class="cw-long">{}</span> <small>{}</small>',
                    capital(named(view, row["claim"])),
                    capital(named(view, test["name"])),
                ),
                Cell(_value(test), test["estimate"]) if format.known(test["estimate"]) else Cell(no_value()),
                Cell(_bounds(test, bounds), bounds["low"]) if format.known(bounds.get("low")) else Cell(no_value()),
                tables.figure(test["n"], 0),
            )
        )
    return tables.table(columns, body, caption="The four claimed transitions", sortable=False)


def _sentence(view: View, text: str) -> str:
    words = capital(named(view, text))
    return words if words.endswith(".") else f"{words}."


def _value(test: Row) -> str:
    if test.get("unit") == "parameters":
        return format.size(test["estimate"])
    return (
        f"{format.number(test['estimate'], 1)}×"
        if test["name"].startswith("signal")
        else format.number(test["estimate"])
    )


def _bounds(test: Row, bounds: Row) -> str:
    if test.get("unit") == "parameters":
        return f"[{format.size(bounds['low'])}, {format.size(bounds['high'])}]"
    return format.interval(bounds["low"], bounds["high"])


def _transition(view: View, row: Row, base: str) -> dict[str, Any]:
    test = row["test"]
    return {
        "id": row["id"],
        "anchor": row["id"].lower(),
        "claim": _sentence(view, row["claim"]),
        "would_show": _sentence(view, row["would_show"]),
        "chip": chip(row["verdict"]),
        "reading": _sentence(view, row["reading"]),
        "method": _sentence(view, test["method"]),
        "n": test["n"],
        "p": "; ".join(f"{name}: {format.p_value(value)}" for name, value in test["p"].items()),
        "power": _power(row),
        "figure": _size_figure(row, base) or _signal_table(view, row),
    }


def _power(row: Row) -> str:
    """What the test could have seen, in the words that fit the kind of test."""
    power = row["power"]
    if not format.known(power):
        return "Not computable from these data."
    share = f"{format.number(100 * power, 0)}{format.NBSP}%"
    if "intervals" in row["details"]:
        text = f"A γ12 of ±0.3 pp per pp would be resolved in {share} of the intervals one by one"
        return (
            f"{text}: low, so single couplings decide little; the pooled test is what counts."
            if power < WELL_POWERED
            else f"{text}."
        )
    if "signal" in row["details"]:
        return f"{share} of the axes it needs have ten scores and a known noise."
    return (
        "Enough comparable pairs for a sign test."
        if power > 0
        else "No power: a sign test needs at least five comparable pairs."
    )


def _size_figure(row: Row, base: str) -> Markup:
    """The estimated size with its interval beside the claimed one, on a logarithmic axis."""
    test, claimed = row["test"], row["details"].get("claimed")
    bounds = test["interval"] or {}
    if not (format.known(claimed) and format.known(bounds.get("low")) and format.known(bounds.get("high"))):
        return Markup("")
    low, high = math.log10(min(bounds["low"], claimed)) - 0.4, math.log10(max(bounds["high"], claimed)) + 0.4
    ticks = [
        (math.log10(step * 10.0**power), format.size(step * 10.0**power)) for power in range(6, 13) for step in (1, 3)
    ]
    finding = (
        f"Even odds at {format.size(test['estimate'])} parameters {_bounds(test, bounds)}; claimed: "
        f"{format.size(claimed)}."
    )
    panel = Panel(
        alt=finding,
        x=(low, high),
        y=(0, 2),
        x_ticks=[tick for tick in ticks if low < tick[0] < high],
        uprights=(math.log10(claimed),),
        spans=(Span(1, math.log10(bounds["low"]), math.log10(bounds["high"]), math.log10(test["estimate"])),),
        height=90,
    )
    details = row["details"]
    rows = [
        ("Couplings γ12", details["intervals"]),
        ("of them resolved at 95 %", details["resolved"]),
        ("resolved and negative above the claimed size", details["resolved_negative_above"]),
        ("resolved and positive below the claimed size", details["resolved_positive_below"]),
        ("Families", test["details"].get("families")),
        ("Negative", test["details"].get("negative")),
        ("Positive", test["details"].get("positive")),
    ]
    twin = tables.table(
        (Column("Count"), Column("Value", "number")),
        [(name, tables.figure(value, 0)) for name, value in rows],
        caption="Counts behind the test",
        sortable=False,
    )
    return Plots(
        f"{row['id'].lower()}-size",
        "Size of even odds.",
        finding,
        [panel],
        note="Dot and bar: estimate with its 95 % interval, families resampled. Upright: the claimed size.",
        table=twin,
        data="data/sections/cascade.json",
    ).html(base)


def _signal_table(view: View, row: Row) -> Markup:
    """The signal of each axis of a claimed change of axis, against the threshold."""
    signals = row["details"].get("signal")
    if not signals:
        return Markup("")
    counts = row["details"]["n"]
    columns = (
        Column("Axis"),
        Column("Models", "number"),
        Column("Signal", "number", "range of the top over the range of equal models"),
        Column("Reading"),
    )
    body = []
    for axis in row["test"]["axes"] or signals:
        signal = signals[axis]
        able = format.known(signal) and counts[axis] >= 10
        words = ("tells the top apart" if signal > 2 else "within noise") if able else "not enough scores to judge"
        body.append((short(view, axis), tables.figure(counts[axis], 0), tables.figure(signal, 1), words))
    return tables.table(columns, body, caption=f"Signals behind {row['id']}", sortable=False)


def _flat(row: Row) -> dict[str, Any]:
    test = row["test"]
    bounds = test["interval"] or {}
    return {
        "id": row["id"],
        "claim": row["claim"],
        "verdict": row["verdict"],
        "estimate": test["estimate"],
        "low": bounds.get("low"),
        "high": bounds.get("high"),
        "unit": test.get("unit"),
        "n": test["n"],
        "method": test["method"],
        "power": row["power"],
        "would_show": row["would_show"],
        "reading": row["reading"],
    }


GROUP = Group("cascade", pages)
