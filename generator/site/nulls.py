"""The papers' instruments beside what would come out without them: the isocline against a constant answer, division by width
against its nulls. Tables and sentences of the Sensitivity page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.axes import short
from generator.site.escape import filled
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import BASE, View, model_link
from generator.site.wording import has_estimate, range_words

Row = Mapping[str, Any]


def best_constant(found: Row) -> tuple[str, float]:
    """The better of always negative and always positive."""
    return max(found["baselines"].items(), key=lambda item: (item[1], item[0]))


def against(found: Row, baseline: float) -> int:
    """+1 or −1 when the interval of the share leaves the baseline out, otherwise 0."""
    bounds = found["interval"] or {}
    if format.known(bounds.get("low")) and bounds["low"] > baseline:
        return 1
    return -1 if format.known(bounds.get("high")) and bounds["high"] < baseline else 0


def sign_table(predictions: Sequence[tuple[str, str, Row]]) -> Markup:
    columns = (
        Column("Reading"),
        Column("n", "number"),
        Column("Right", "number"),
        Column("95 %, families", "number", "families left out one at a time"),
        Column("95 %, plain", "number", "Wilson, intervals taken as independent"),
        Column("Always negative", "number"),
        Column("Always positive", "number"),
        Column("Right, resolved only", "number"),
        Column("Beside a constant"),
    )
    words = {1: ("better", "ok"), -1: ("worse", "bad"), 0: ("no better", "none")}
    body: list[Sequence[Cell | Markup | str]] = []
    for orientation, at, found in predictions:
        head = Cell(orientation_words(orientation, at))
        if not has_estimate(found):
            body.append((head, *[""] * 7, Cell(no_value(found["reason"]))))
            continue
        text, kind = words[against(found, best_constant(found)[1])]
        resolved = found["details"]["resolved"]
        body.append(
            (
                head,
                tables.figure(found["n"], 0),
                Cell(share(found["estimate"]), found["estimate"]),
                shares(found["others"].get("clustered")),
                shares(found["others"].get("plain")),
                Cell(share(found["baselines"].get("always negative"))),
                Cell(share(found["baselines"].get("always positive"))),
                f"{resolved['right']} of {resolved['total']}",
                Cell(filled('<span class="cw-chip cw-chip--{}">{}</span>', kind, text), text),
            )
        )
    return tables.table(columns, body, caption="Sign prediction by the isocline", sortable=False)


def resolved_sentence(pairs: Sequence[Row]) -> str:
    """What a constant answer gets on the resolved couplings alone, where the signs are uneven."""
    row = next((row for row in pairs if (row["x"], row["y"]) == BASE), None)
    if row is None or not (row["resolved_negative"] or row["resolved_positive"]):
        return ""
    below, above = row["resolved_negative"], row["resolved_positive"]
    return (
        f"Of the couplings resolved one by one, {format.count(below)} are negative and {format.count(above)} "
        "positive, so on those "
        f"the constant answer is right in {format.count(max(below, above))} of {format.count(below + above)}."
    )


def confusion(found: Row, reading: str) -> Markup:
    """Predicted against actual sign, 2 × 2."""
    cells = found["details"]["confusion"]
    columns = (Column("Predicted"), Column("was negative", "number"), Column("was positive", "number"))
    body: list[Sequence[Cell | Markup | str]] = [
        (said, *(tables.figure(cells[said][was], 0) for was in ("negative", "positive")))
        for said in ("negative", "positive")
    ]
    return tables.table(columns, body, caption=f"Predicted and actual sign: {reading}", sortable=False)


def orientation_words(orientation: str, at: str) -> str:
    return f"{'Above is tax' if orientation == 'above-is-tax' else 'Above is bonus'}, read at the {at} of the interval"


def kappa_table(view: View, isoclines: Row, base: str) -> Markup:
    columns = (
        Column("Boundary model"),
        Column("HellaSwag, %", "number"),
        Column("TruthfulQA, %", "number"),
        Column("κ", "number"),
        Column("95 % interval", "number"),
        Column("Holds the papers' κ"),
    )
    body: list[Sequence[Cell | Markup | str]] = [
        (
            model_link(view, row["model"], base),
            tables.figure(row["x"]),
            tables.figure(row["y"]),
            tables.figure(row["kappa"], 3),
            tables.bounds(row["low"], row["high"], 3) if format.known(row["low"]) else Cell(no_value("error unknown")),
            _holds(row, isoclines["kappa"]),
        )
        for row in isoclines["calibrations"]
    ]
    return tables.table(columns, body, caption="κ calibrated on each boundary model", sortable=False)


def _holds(row: Row, kappa: float) -> str:
    if not format.known(row["low"]):
        return format.MISSING
    return "yes" if row["low"] <= kappa <= row["high"] else "no"


def kappa_sentence(isoclines: Row) -> str:
    values = [row["kappa"] for row in isoclines["calibrations"]]
    if not values:
        return "No boundary model has both scores, so κ cannot be calibrated here."
    return (
        f"The papers print κ = {format.number(isoclines['kappa'], 3)}. The boundary models of this track give "
        f"{format.number(min(values), 3)} to {format.number(max(values), 3)}; "
        "the intervals hold the sampling error of the two scores only, not the choice of the boundary model."
    )


def frontier_table(view: View, frontier: Mapping[str, Row]) -> Markup:
    columns = (
        Column("Pair"),
        Column("n", "number"),
        Column("κ used", "number"),
        Column("Smallest κ of a model", "number"),
        Column("Largest κ of a model", "number"),
        Column("Models below the curve"),
    )
    body: list[Sequence[Cell | Markup | str]] = []
    for found in frontier.values():
        name = " against ".join(short(view, axis) for axis in reversed(found["axes"]))
        span = found["details"].get("boundary_kappa") or {}
        below = [view.model_name(row["model"]) for row in found["details"].get("below", ())]
        body.append(
            (
                name,
                tables.figure(found["n"], 0),
                tables.figure(found["estimate"], 3),
                tables.figure(span.get("min"), 3),
                tables.figure(span.get("max"), 3),
                ", ".join(below) or "none",
            )
        )
    return tables.table(columns, body, caption="Frontier isoclines", sortable=False)


def width_sentence(width: Row) -> str:
    """How often the division by width gives a high r, beside how often it would without any coupling."""
    tests = [found for found in width["tests"].values() if has_estimate(found)]
    if not tests:
        return "No family has three models of known and different width."
    high = sum(found["estimate"] > 0.9 for found in tests)
    constant = sum(found["baselines"]["constant y"] > 0.9 for found in tests)
    small = sum(found["p"].get("permuted y", 1) < 0.05 for found in tests)
    return (
        f"Of {format.plural(len(tests), 'family', 'families')}, {format.count(high)} have r above 0.9 after "
        "division by width. With the second score replaced by a constant, which holds no "
        f"information at all, {format.count(constant)} have. Permuting the second score gives a lower r in 95"
        f"{format.NBSP}% of orders for {format.count(small)} of them."
    )


def width_table(view: View, width: Row, base: str) -> Markup:
    columns = (
        Column("Family"),
        Column("n", "number"),
        Column("Width span", "number", "largest over smallest d_model"),
        Column("r, raw", "number"),
        Column("r, divided by width", "number"),
        Column("with constant score", "number"),
        Column("with uniform noise", "number", "median"),
        Column("95 % of noise", "number"),
        Column("with permuted score", "number", "median"),
        Column("p", "number", "permuted second score"),
    )
    body: list[Sequence[Cell | Markup | str]] = []
    for row in width["table"]:
        found = width["tests"].get(row["family"]) or {}
        nulls, details = found.get("baselines") or {}, found.get("details") or {}
        noise = details.get("noise_range")
        name = view.families[row["family"]]["name"] if row["family"] in view.families else row["family"]
        p = (found.get("p") or {}).get("permuted y")
        body.append(
            (
                Cell(
                    filled('<a href="{}families/{}/">{}</a>', base, row["family"], name)
                    if row["family"] in view.families
                    else name,
                    name,
                ),
                tables.figure(row["n"], 0),
                tables.figure(row["width_span"], 1),
                tables.figure(row["r"], 2, sign=True),
                tables.figure(row["r_ratio"], 2, sign=True),
                tables.figure(nulls.get("constant y"), 2, sign=True),
                tables.figure(nulls.get("uniform noise"), 2, sign=True),
                tables.bounds(noise[0], noise[1], 2, sign=True) if noise else Cell(no_value()),
                tables.figure(nulls.get("permuted y"), 2, sign=True),
                Cell(format.p_short(p), p),
            )
        )
    return tables.table(
        columns, body, caption="Division by width and its nulls", classes=f"{tables.STACKED} {tables.NARROW}"
    )


def width_record(row: Row, found: Row | None) -> dict[str, Any]:
    tested = found or {}
    return {**row, **(tested.get("baselines") or {}), "p permuted y": (tested.get("p") or {}).get("permuted y")}


def regression_sentence(found: Row) -> str:
    """The coupling with width as a second predictor instead of a divisor."""
    if not has_estimate(found):
        return f"No regression on width is given: {found['reason']}."
    details = found["details"]
    return (
        "With log width as a second predictor and an intercept a family, the slope is "
        f"{format.number(found['estimate'])} pp per pp ({range_words(found['interval'])}; "
        f"{format.plural(found['n'], 'model')}); "
        f"without width it is {format.number(details.get('without_width'))}. Score and width overlap so much that "
        f"the interval is widened by a variance inflation of {format.number(details.get('variance_inflation'), 1)}"
        "."
    )


def share(value: Any) -> str:
    return f"{format.number(100 * value, 0)}{format.NBSP}%" if format.known(value) else format.MISSING


def range_of(bounds: Row | None) -> str:
    return f"95{format.NBSP}% interval {share(bounds['low'])} to {share(bounds['high'])}" if bounds else "no interval"


def shares(bounds: Row | None) -> Cell:
    if not bounds:
        return Cell(no_value())
    return Cell(
        f"[{format.number(100 * bounds['low'], 0)}, {format.number(100 * bounds['high'], 0)}]{format.NBSP}%",
        bounds["low"],
    )
