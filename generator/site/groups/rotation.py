"""Rotation: which axis still tells the top models apart, how that changed, and which axis moves with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.axes import listed, short
from generator.site.escape import filled
from generator.site.page import Group, Page, base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.published import no_value, publish_csv, publish_json, stamp
from generator.site.tables import Cell, Column
from generator.site.view import View

URL = "rotation/"
THRESHOLD = 2.0  # of generator.analysis.saturation: beyond it an axis discriminates
LEAST = 10  # of generator.analysis.playbook: fewer models carry no advice
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    section = view.section("rotation")
    if not section:
        return
    base = base_of(URL)
    paths = [
        publish_csv(view, "rotation-table", section["table"]),
        publish_csv(view, "rotation-history", section["history"]),
        publish_csv(view, "rotation-co-activation", section["co_activation"]),
        publish_json(view, "rotation", section),
    ]
    window = f"{format.plural(len(section['models']), 'model')} released in the {section['recent_days']} days before"
    body = view.render(
        "rotation.md.j2",
        URL,
        sentence=finding(view, section),
        advice=advice(view, section),
        stamp=stamp(view, base, track=section["track"], more=window, paths=paths),
        table=signal_table(view, section["table"], base),
        history=history_figure(view, section, base),
        moving=co_table(view, section, base),
        by_date=by_date_table(view, section["by_date"]),
        active=short(view, section["advice"]["active"] or ""),
        thin=[short(view, row["axis"]) for row in section["table"] if not format.known(row["signal"])],
    ) + view.stale_note(tracks=(section["track"],))
    yield Page("rotation/index.md", "Rotation", finding(view, section), body)


def finding(view: View, section: Row) -> str:
    """The active axis with its signal, and the axes that are spent, in one sentence."""
    rows = {row["axis"]: row for row in section["table"]}
    active = rows.get(section["advice"]["active"] or "")
    if active is None:
        return f"On {view.as_of} no axis is shown to tell the top models apart: {section['advice']['why']}."
    spent = [
        f"{short(view, axis)} ({format.number(rows[axis]['signal'], 1)} times)"
        for axis in section["advice"]["saturated"]
    ]
    text = (
        f"Among recent models {short(view, active['axis'])} tells the top {active['k']} apart best: their range is "
        f"{format.number(active['signal'], 1)} times what noise alone gives"
    )
    return f"{text}; {listed(spent)} no longer {'does' if len(spent) == 1 else 'do'}." if spent else f"{text}."


def advice(view: View, section: Row) -> str:
    """What to read next and how sure that is."""
    axis = section["advice"]["next_axis"]
    row = next((row for row in section["co_activation"] if row["candidate"] == axis), None)
    if row is None:
        return "No other axis that still discriminates is shown to move with it, so there is no axis to rotate to yet."
    sure = (
        "its whole interval is above 0.5"
        if row["sure"]
        else "its interval reaches below 0.5, so this is a lead and no result"
    )
    return (
        f"To rotate, read {short(view, axis)} beside it: over {format.plural(row['n'], 'shared model')} r = "
        f"{format.number(row['r'])} "
        f"{format.interval(row['low'], row['high'])}; {sure}. The interval treats models as independent, which "
        "models of one lab are not."
    )


def signal_table(view: View, rows: Sequence[Row], base: str) -> Markup:
    columns = (
        Column("Axis"),
        Column("Models", "number"),
        Column("Signal", "number", "range of the top over the range that noise alone gives; equal models show 1"),
        Column("Top range, pp", "number"),
        Column("Noise range, pp", "number", "range that equally good models would show"),
        Column("Noise, pp", "number", "mean standard error of one top score"),
        Column("Headroom, pp", "number", "100 minus the best score"),
        Column("Reading"),
    )
    body = [
        (
            axis_cell(view, row["axis"], base),
            tables.figure(row["n"], 0),
            tables.figure(row["signal"], 1),
            tables.figure(row["range"]),
            tables.figure(row["noise_range"]),
            tables.figure(row["noise"]),
            tables.figure(row["headroom"]),
            _reading(row),
        )
        for row in sorted(rows, key=lambda row: -(row["signal"] or -1))
    ]
    return tables.table(columns, body, caption="Signal, noise and headroom of each axis")


def axis_cell(view: View, axis: str, base: str) -> Cell:
    """The axis' short name, linked to its benchmark."""
    benchmark = view.axes.get(axis, {}).get("benchmark")
    name = short(view, axis)
    return Cell(filled('<a href="{}benchmarks/{}/">{}</a>', base, benchmark, name) if benchmark else name, name)


def _reading(row: Row) -> Cell:
    if not format.known(row["signal"]):
        return Cell(no_value("too few scores" if row["k"] < 3 else "noise unknown"), "zz")
    if row["n"] < LEAST:
        return Cell(no_value(f"fewer than {LEAST} models"), "zy")
    if row["saturated"]:
        return Cell(Markup('<span class="cw-chip cw-chip--bad">at the ceiling</span>'), "at the ceiling")
    if row["discriminates"]:
        return Cell(Markup('<span class="cw-chip cw-chip--ok">discriminates</span>'), "discriminates")
    return Cell(Markup('<span class="cw-chip cw-chip--warn">within noise</span>'), "within noise")


def history_figure(view: View, section: Row, base: str) -> Markup:
    """Signal at each as-of date, one panel an axis that has it twice or more."""
    by_axis: dict[str, list[Row]] = {}
    for row in section["history"]:
        if format.known(row["signal"]):
            by_axis.setdefault(row["axis"], []).append(row)
    kept = {axis: rows for axis, rows in by_axis.items() if len(rows) > 1}
    if not kept:
        return Markup("")
    days = sorted({row["as_of"] for row in section["history"]})
    top = max(4.0, 2.0 * round(max(row["signal"] for rows in kept.values() for row in rows) / 2 + 0.5))
    panels = [_history_panel(view, axis, rows, days, top) for axis, rows in kept.items()]
    crossed = crossings(view, kept)
    return Plots(
        "saturation-history",
        "Signal at each quarter's end, recent models only.",
        f"Changed sides: {listed(crossed)}." if crossed else "No axis with ten models or more changed sides.",
        panels,
        note="Rings: fewer than ten models, drawn but not read. Dashed: 2, above which an axis is said to "
        "discriminate. Each point uses only scores public by that day and models of the year before it.",
        data="data/sections/rotation-history.csv",
        table=_history_table(view, kept, days),
    ).html(base)


def crossings(view: View, kept: Mapping[str, Sequence[Row]]) -> list[str]:
    """The axes that changed sides of the threshold between their first and last reading on enough models."""
    told = []
    for axis, rows in kept.items():
        firm = [row for row in rows if row["n"] >= LEAST]
        if len(firm) < 2 or (firm[0]["signal"] > THRESHOLD) == (firm[-1]["signal"] > THRESHOLD):
            continue
        verb = "rose above noise" if firm[-1]["signal"] > THRESHOLD else "fell to the level of noise"
        span = (
            f"{format.number(firm[0]['signal'], 1)} on {firm[0]['as_of']} to {format.number(firm[-1]['signal'], 1)} on"
            f" {firm[-1]['as_of']}"
        )
        told.append(f"{short(view, axis)} {verb} ({span})")
    return told


def _history_panel(view: View, axis: str, rows: Sequence[Row], days: Sequence[str], top: float) -> Panel:
    points = [(_ordinal(row["as_of"]), row["signal"]) for row in rows]
    first, last = rows[0], rows[-1]
    step = 2 if top <= 8 else 5
    return Panel(
        alt=f"{short(view, axis)}: signal {format.number(first['signal'], 1)} on {first['as_of']}, "
        f"{format.number(last['signal'], 1)} on {last['as_of']}",
        x=(_ordinal(days[0]), _ordinal(days[-1])),
        y=(0.0, top),
        x_ticks=[
            (_ordinal(days[0]), days[0][:7]),
            (_ordinal(days[len(days) // 2]), days[len(days) // 2][:7]),
            (_ordinal(days[-1]), days[-1][:7]),
        ],
        y_ticks=[(float(value), str(value)) for value in range(0, int(top) + 1, step)],
        levels=(THRESHOLD,),
        lines=[Line(points, hollow=[row["n"] < LEAST for row in rows])],
        name=short(view, axis),
        note=f"now {format.number(last['signal'], 1)}, {format.plural(last['n'], 'model')}"
        if last["as_of"] == days[-1]
        else f"last known {last['as_of']}",
    )


def _history_table(view: View, kept: Mapping[str, Sequence[Row]], days: Sequence[str]) -> Markup:
    columns = [Column("As of", "day"), *(Column(short(view, axis), "number") for axis in kept)]
    signals = {axis: {row["as_of"]: row["signal"] for row in rows} for axis, rows in kept.items()}
    body = [[Cell(day, day), *(tables.figure(signals[axis].get(day), 1) for axis in kept)] for day in days]
    return tables.table(columns, body, caption="Signal by as-of date")


def co_table(view: View, section: Row, base: str) -> Markup:
    active = short(view, section["advice"]["active"] or "")
    columns = (
        Column("Candidate"),
        Column("Shared models", "number"),
        Column("r", "number", f"with {active}"),
        Column("95 % interval", "number", "Fisher, independent models"),
        Column("Moves with it"),
    )
    body = []
    for row in section["co_activation"]:
        known = format.known(row["r"])
        chip = "no" if known and not row["co_activates"] else ("yes" if row["sure"] else "not sure")
        body.append(
            (
                axis_cell(view, row["candidate"], base),
                tables.figure(row["n"], 0),
                tables.figure(row["r"], 2, sign=True),
                tables.bounds(row["low"], row["high"], 2, sign=True) if format.known(row["low"]) else Cell(no_value()),
                Cell(
                    filled(
                        '<span class="cw-chip cw-chip--{}">{}</span>',
                        {"yes": "ok", "no": "none", "not sure": "wait"}[chip],
                        chip,
                    ),
                    chip,
                )
                if known
                else Cell(no_value("fewer than 3 shared models"), "zz"),
            )
        )
    return tables.table(columns, body, caption=f"Which axes move with {active}") if body else Markup("")


def by_date_table(view: View, rows: Sequence[Row]) -> Markup:
    """For each release period: the axis with the largest spread in units of noise, and the others."""
    periods: dict[tuple[float, float], list[Row]] = {}
    for row in rows:
        periods.setdefault((row["low"], row["high"]), []).append(row)
    columns = (
        Column("Released", "day"),
        Column("Best axis"),
        Column("Spread over noise", "number"),
        Column("Models", "number"),
        Column("Others"),
    )
    body = []
    for (low, high), members in sorted(periods.items()):
        ordered = sorted(members, key=lambda row: -row["signal"])
        best, *others = ordered
        told = [f"{short(view, row['axis'])} {format.number(row['signal'], 1)}" for row in others]
        rest = ", ".join(one.replace(" ", format.NBSP) for one in told)
        body.append(
            (
                Cell(f"{_month(low)} to {_month(high)}", _month(low)),
                short(view, best["axis"]),
                tables.figure(best["signal"], 1),
                tables.figure(best["n"], 0),
                rest or format.MISSING,
            )
        )
    return (
        tables.table(columns, body, caption="Which axis told models apart, by release period", sortable=False)
        if body
        else Markup("")
    )


def _month(year: float) -> str:
    return f"{int(year)}-{min(int((year % 1) * 12) + 1, 12):02d}"


def _ordinal(day: str) -> float:
    return float(dt.date.fromisoformat(day).toordinal())


GROUP = Group("rotation", pages)
