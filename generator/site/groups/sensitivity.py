"""Sensitivity: every headline beside its trivial baseline, its null, a narrower range, a third variable, another"
" pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.axes import listed, short
from generator.site.groups.rotation import axis_cell
from generator.site.nulls import (
    against,
    best_constant,
    confusion,
    frontier_table,
    kappa_sentence,
    kappa_table,
    orientation_words,
    range_of,
    regression_sentence,
    resolved_sentence,
    share,
    sign_table,
    width_record,
    width_sentence,
    width_table,
)
from generator.site.page import Group, Page, base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.published import no_value, publish_csv, publish_json, stamp
from generator.site.tables import Cell, Column
from generator.site.view import View
from generator.site.wording import has_estimate, interval_kind, range_words

URL = "sensitivity/"
ORIENTATIONS = {
    "above-is-tax": "above the isocline means a tax comes next (the papers' reading of base models)",
    "above-is-bonus": "above the isocline means a bonus comes next (the papers' reading of the frontier)",
}
GIVEN = {"size": "log parameters", "compute": "log training compute", "date": "release date"}
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    parts = {name: view.section(name) for name in ("isoclines", "width", "sensitivity", "pairs")}
    if not all(parts.values()):
        return
    base = base_of(URL)
    isoclines, width, changes, pairs = parts.values()
    curves = [{"pair": name, **row} for name, rows in changes["range_restriction"].items() for row in rows]
    paths = [
        publish_csv(view, "pairs", pairs),
        publish_csv(view, "kappa", isoclines["calibrations"]),
        publish_csv(view, "range-restriction", curves),
        publish_csv(view, "width", [width_record(row, width["tests"].get(row["family"])) for row in width["table"]]),
        *(publish_json(view, name, parts[name]) for name in ("isoclines", "width", "sensitivity")),
    ]
    predictions = [
        (o, at, isoclines["sign_prediction"][o][at])
        for o in ORIENTATIONS
        for at in sorted(isoclines["sign_prediction"].get(o, {}), reverse=True)
    ]
    sentence = finding(predictions, changes["partial"])
    body = view.render(
        "sensitivity.md.j2",
        URL,
        sentence=sentence,
        stamp=stamp(view, base, track="harness-v1", more="where nothing else is said", paths=paths),
        kappa=isoclines["kappa"],
        signs=sign_table(predictions),
        confusions=[
            {"title": orientation_words(o, at), "table": confusion(found, orientation_words(o, at))}
            for o, at, found in predictions
            if has_estimate(found)
        ],
        orientations=ORIENTATIONS,
        calibrations=kappa_table(view, isoclines, base),
        kappa_words=kappa_sentence(isoclines),
        frontier=frontier_table(view, isoclines["frontier"]),
        width_words=width_sentence(width),
        width=width_table(view, width, base),
        width_given=partial_table(
            view,
            {f"harness-v1/{'~'.join(width['partial']['axes'])}|width and size": width["partial"]},
            caption="Partial correlation given width and size",
        ),
        regression=regression_sentence(width["regression"]),
        partial=partial_table(view, changes["partial"], caption="Partial correlations given size, compute or date"),
        curves=range_figure(view, changes["range_restriction"], base),
        pairs=pair_table(view, pairs, base),
        resolved=resolved_sentence(pairs),
        pair_words=pair_sentence(view, pairs),
    )
    yield Page("sensitivity/index.md", "Sensitivity", sentence, body)


def finding(predictions: Sequence[tuple[str, str, Row]], partial: Mapping[str, Row]) -> str:
    """The isocline beside a constant answer, and the base coupling given size."""
    parts = []
    published = next((found for o, at, found in predictions if (o, at) == ("above-is-tax", "start")), None)
    if published is not None and has_estimate(published):
        name, best = best_constant(published)
        tied = len(set(published["baselines"].values())) == 1
        verdict = {1: "better than", -1: "worse than", 0: "no better than"}[against(published, best)]
        parts.append(
            f"The isocline predicts the sign of {format.count(published['n'])} local couplings in "
            f"{share(published['estimate'])} of cases "
            f"({range_of(published['interval'])}): {verdict} the constant answer{'' if tied else f' “{name}”'}, "
            f"which is right in {share(best)}{' whichever sign it gives' if tied else ''}"
        )
    sized = next((found for key, found in partial.items() if key.endswith("|size")), None)
    if sized is not None and has_estimate(sized):
        parts.append(
            "given model size, the base coupling goes from r = "
            f"{format.number(sized['baselines'].get('r not given anything'))} to "
            f"{format.number(sized['estimate'])} ({range_words(sized['interval'])}, {interval_kind(sized['interval'])})"
        )
    return "; ".join(parts) + "." if parts else "Neither the isocline nor the coupling given size could be computed."


def _base_first(item: tuple[str, Any]) -> tuple[bool, bool, str]:
    """The base models, then the makers' track, then the others."""
    return (not item[0].startswith("harness-v1/"), not item[0].startswith("maker/"), item[0])


def partial_table(view: View, partial: Mapping[str, Row], *, caption: str) -> Markup:
    columns = (
        Column("Pair"),
        Column("Given"),
        Column("Track"),
        Column("n", "number"),
        Column("r, given nothing", "number"),
        Column("Partial r", "number"),
        Column("95 %, clustered", "number"),
        Column("95 %, plain", "number"),
        Column("p", "number", "t, independent models"),
    )
    body: list[Sequence[Cell | Markup | str]] = []
    for key, found in sorted(partial.items(), key=_base_first):
        track, _, rest = key.partition("/")
        pair, _, given = rest.partition("|")
        others = found["others"]
        body.append(
            (
                " and ".join(short(view, axis) for axis in pair.split("~")),
                GIVEN.get(given, given),
                tables.track(view.track_name(track)),
                tables.figure(found["n"], 0),
                tables.figure(found["baselines"].get("r not given anything"), 2, sign=True),
                tables.figure(found["estimate"], 2, sign=True)
                if has_estimate(found)
                else Cell(no_value(found["reason"])),
                *(
                    tables.bounds(others[kind]["low"], others[kind]["high"], 2, sign=True)
                    if others.get(kind)
                    else Cell(no_value())
                    for kind in ("clustered", "plain")
                ),
                Cell(format.p_short(found["p"].get("t")), found["p"].get("t")),
            )
        )
    return tables.table(columns, body, caption=caption, sortable=False)


def range_figure(view: View, curves: Mapping[str, Sequence[Row]], base: str) -> Markup:
    """r above a rising floor beside what the narrower range alone would give, one panel a pair."""
    drawn = {
        name: [row for row in rows if format.known(row["r"])] for name, rows in sorted(curves.items(), key=_base_first)
    }
    drawn = {name: rows for name, rows in drawn.items() if len(rows) > 1}
    if not drawn:
        return Markup("")
    columns = (
        Column("Track and pair"),
        Column("Floor, %", "number"),
        Column("n", "number"),
        Column("r", "number"),
        Column("95 % interval", "number"),
        Column("Expected", "number", "from the narrower range alone"),
    )
    body: list[Sequence[Cell | Markup | str]] = [
        (
            _pair_name(view, name),
            tables.figure(row["floor"]),
            tables.figure(row["n"], 0),
            tables.figure(row["r"], 2, sign=True),
            tables.bounds(row["low"], row["high"], 2, sign=True) if format.known(row["low"]) else Cell(no_value()),
            tables.figure(row["expected"], 2, sign=True),
        )
        for name, rows in drawn.items()
        for row in rows
    ]
    outside = sum(
        1
        for rows in drawn.values()
        for row in rows
        if format.known(row["low"])
        and format.known(row["expected"])
        and not row["low"] <= row["expected"] <= row["high"]
    )
    total = sum(map(len, drawn.values()))
    return Plots(
        "range-restriction",
        "r among models above a floor of the first score.",
        f"At {format.count(total - outside)} of {format.count(total)} floors the interval of r holds what the "
        "narrower range alone would give.",
        [_range_panel(view, name, rows) for name, rows in drawn.items()],
        note="Dots: r; band: 95 % interval (Fisher, independent models); dashed: r expected from the whole panel by "
        "the narrower range alone (Thorndike's case 2). Neighbouring floors share most models.",
        data="data/sections/range-restriction.csv",
        table=tables.table(columns, body, caption="Range restriction", sortable=False),
    ).html(base)


def _range_panel(view: View, name: str, rows: Sequence[Row]) -> Panel:
    low, high = rows[0]["floor"], rows[-1]["floor"]
    middle = (low + high) / 2
    return Panel(
        alt=f"{_pair_name(view, name)}: r goes from {format.number(rows[0]['r'])} over {rows[0]['n']} models to "
        f"{format.number(rows[-1]['r'])} over {rows[-1]['n']}",
        x=(low, high),
        y=(-1.0, 1.0),
        x_ticks=[(value, f"{format.number(value, 0)}{format.NBSP}%") for value in (low, middle, high)],
        y_ticks=[(value, format.number(value, 1)) for value in (-1.0, -0.5, 0.0, 0.5, 1.0)],
        band=[(row["floor"], row["low"], row["high"]) for row in rows if format.known(row["low"])],
        lines=[
            Line([(row["floor"], row["expected"]) for row in rows if format.known(row["expected"])], "expected"),
            Line([(row["floor"], row["r"]) for row in rows]),
        ],
        name=_pair_name(view, name),
        note=f"{format.count(rows[0]['n'])} models down to {format.count(rows[-1]['n'])}",
    )


def _pair_name(view: View, name: str) -> str:
    track, _, pair = name.partition("/")
    return f"{' and '.join(short(view, axis) for axis in pair.split('~'))}, {view.track_name(track)}"


def pair_sentence(view: View, pairs: Sequence[Row]) -> str:
    """Whether the sign of r and of γ12 is a matter of the pair."""
    known = [row for row in pairs if format.known(row["r"])]
    if not known:
        return "No pair carries a coupling."
    least, most = min(known, key=lambda row: row["r"]), max(known, key=lambda row: row["r"])
    falling = [f"{row['families_falling']} of {row['families']} families for {short(view, row['x'])}" for row in known]
    return (
        f"Over {format.plural(len(known), 'pair')} of a reasoning and a truthfulness benchmark r goes from "
        f"{format.number(least['r'])} ({short(view, least['x'])}) to "
        f"{format.number(most['r'])} ({short(view, most['x'])}); within a family r is below zero in {listed(falling)}."
    )


def pair_table(view: View, pairs: Sequence[Row], base: str) -> Markup:
    columns = (
        Column("First benchmark"),
        Column("Second benchmark"),
        Column("n", "number"),
        Column("r", "number"),
        Column("95 %, clustered", "number"),
        Column("p", "number", "permutation"),
        Column("γ12 below zero", "number", "resolved at 95 % / all"),
        Column("γ12 above zero", "number", "resolved at 95 % / all"),
        Column("Families with r below zero", "number"),
    )
    body: list[Sequence[Cell | Markup | str]] = [
        (
            axis_cell(view, row["x"], base),
            axis_cell(view, row["y"], base),
            tables.figure(row["n"], 0),
            tables.figure(row["r"], 2, sign=True) if format.known(row["r"]) else Cell(no_value(row["reason"])),
            tables.bounds(row["low"], row["high"], 2, sign=True) if format.known(row["low"]) else Cell(no_value()),
            Cell(format.p_short(row["p_permutation"]), row["p_permutation"]),
            Cell(f"{row['resolved_negative']} / {row['negative']}", float(row["negative"])),
            Cell(f"{row['resolved_positive']} / {row['positive']}", float(row["positive"])),
            Cell(f"{row['families_falling']} of {row['families']}", float(row["families_falling"])),
        )
        for row in pairs
    ]
    return tables.table(columns, body, caption="Other pairs of benchmarks")


GROUP = Group("sensitivity", pages)
