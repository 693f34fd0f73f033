"""Charts of the forecast pages: calibration, reliability, a family's card, the printed equation against what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.site import format, tables
from generator.site.axes import listed
from generator.site.charts import Figure, Key
from generator.site.claim_words import prose
from generator.site.family_figures import SERIES_SHAPES
from generator.site.labels import PHONE, places
from generator.site.tables import Column
from generator.site.view import View

Row = Mapping[str, Any]
LEVELS = ("50", "80", "95")
#: Models shown on the calibration plot beside the headline one: one of each kind.
CALIBRATED = ("gp-increments", "ode-quadratic", "partial-pooling", "two-point-line", "persistence")
_DIAGONAL = [{"x": 0.0, "fitted": 0.0}, {"x": 100.0, "fitted": 100.0}]
_SQUARE = {"x_low": 0.0, "x_high": 100.0, "y_low": 0.0, "y_high": 100.0}


def calibration(view: View, grouping: Row, *, headline: str, name: str) -> Figure | None:
    """Nominal level of the intervals against the share of held-out targets inside them."""
    entries = {entry["name"]: entry for entry in grouping["leaderboard"] if entry["coverage"]["from_third"]}
    shown = [one for one in (headline, *CALIBRATED) if one in entries]
    if not shown:
        return None
    points, threads = [], []
    for index, one in enumerate(shown):
        colour, shape = _series(index)
        for level in LEVELS:
            covered = 100 * entries[one]["coverage"]["from_third"][level]
            points.append(
                {
                    "x": float(level),
                    "y": covered,
                    "name": entries[one]["title"],
                    "who": "",
                    "group": one,
                    "colour": colour,
                    "shape": shape,
                    "label": "",
                    "x_text": f"{level} %",
                    "y_text": format.percent(covered),
                }
            )
            threads.append({"series": one, "order": float(level), "x": float(level), "y": covered})
    chart = view.charts.chart(
        f"forecast-calibration-{name}",
        "scatter",
        {"points": points, "fit": _DIAGONAL, "threads": threads},
        {"x": "Level of the interval, %", "y": "Targets inside, %", **_SQUARE},
    )
    columns = (
        Column("Model"),
        *(
            Column(f"{level} %", "number", f"share of held-out scores inside the {level} % interval")
            for level in LEVELS
        ),
    )
    twin = tables.table(
        columns,
        [
            (
                entry["title"],
                *(tables.figure(100 * entry["coverage"]["from_third"][level]) for level in LEVELS),
            )
            for entry in entries.values()
        ],
        caption="Of 100 held-out scores, so many lie inside the 50, 80 and 95 % intervals",
        visible_caption=True,
    )
    inside = entries[headline]["coverage"]["from_third"]
    return Figure(
        identity=f"calibration-{name}",
        title="Calibration of the intervals.",
        finding=f"{entries[headline]['title']}: the 50, 80 and 95 % intervals hold "
        + listed([format.percent(100 * inside[level], 0) for level in LEVELS])
        + " of the held-out scores.",
        chart=chart,
        keys=[Key(one, entries[one]["title"], *_series(index)) for index, one in enumerate(shown)],
        note="The straight line is perfect calibration. Interval widths come from other families only.",
        table=twin,
    )


def reliability(view: View, found: Row, *, name: str) -> Figure:
    """Forecast chance against how often it happened, by bin, for both events of the phase forecast."""
    events = {"interval": "γ12 above zero in an interval", "family": "sign change by the largest size"}
    points, body = [], []
    for index, (event, text) in enumerate(events.items()):
        colour, shape = _series(index)
        for row in found[event]["reliability"]:
            said, seen = 100 * row["mean_forecast"], 100 * row["frequency"]
            points.append(
                {
                    "x": said,
                    "y": seen,
                    "name": text,
                    "who": format.plural(row["n"], "case"),
                    "group": event,
                    "colour": colour,
                    "shape": shape,
                    "label": f"n = {row['n']}",
                    "x_text": format.percent(said),
                    "y_text": format.percent(seen),
                }
            )
            body.append((text, tables.figure(said), tables.figure(seen), tables.figure(row["n"], 0)))
    free = places([{"name": point["label"], "x": point["x"], "y": point["y"]} for point in points], _SQUARE, plot=PHONE)
    points = [
        point | {"own": side, "edge": side, "label": point["label"] if side else ""}
        for point, side in zip(points, free, strict=True)
    ]
    chart = view.charts.chart(
        f"forecast-reliability-{name}",
        "scatter",
        {"points": points, "fit": _DIAGONAL},
        {"x": "Forecast chance, %", "y": "It happened, %", "who": "Cases", **_SQUARE},
    )
    columns = (
        Column("Event"),
        Column("Mean forecast, %", "number"),
        Column("It happened, %", "number"),
        Column("Cases", "number"),
    )
    brier = found["interval"]["brier"]
    return Figure(
        identity=f"reliability-{name}",
        title="Reliability of the phase forecast.",
        finding=f"Brier score by interval {format.number(brier['forecast'], 3)}; always no would score "
        f"{format.number(brier['always_negative'], 3)}, the training frequency {format.number(brier['frequency'], 3)}.",
        chart=chart,
        keys=[Key(event, text, *_series(index)) for index, (event, text) in enumerate(events.items())],
        note="The straight line is perfect reliability. n, where it has room, is what a bin holds: intervals of families at a dot, "
        "families at a square. So few that single points scatter widely.",
        table=tables.table(columns, body, caption="Reliability by bin"),
    )


def card_chart(view: View, family: str, card: Row) -> Figure | None:
    """Given scores and forecasts with 80 % intervals against size, a line for each benchmark."""
    if not card["forecast"]:
        return None
    points = []
    for index, axis in enumerate(card["axes"]):
        colour, shape = _series(index)
        shared = {"series": axis, "group": axis, "colour": colour, "shape": shape, "who": view.axis_name(axis)}
        points += [
            {
                **shared,
                "x": row["params"],
                "y": row[axis],
                "low": row[axis],
                "high": row[axis],
                "name": "given",
                "x_text": format.size(row["params"]),
                "y_text": format.percent(row[axis]),
            }
            for row in card["given"]
        ]
        points += [
            {
                **shared,
                "x": row["params"],
                "y": row[axis]["estimate"],
                "low": row[axis]["low_80"],
                "high": row[axis]["high_80"],
                "name": "forecast",
                "x_text": format.size(row["params"]),
                "y_text": f"{format.percent(row[axis]['estimate'])} {format.interval(row[axis]['low_80'], row[axis]['high_80'], 1)}",
            }
            for row in card["forecast"]
        ]
    chart = view.charts.chart(
        f"forecast-card-{family}",
        "ladder",
        {"points": points},
        {"x": "Parameters", "y": "Score, %", "who": "Benchmark", "ticks": size_ticks(point["x"] for point in points)},
    )
    last = card["given"][-1]["params"]
    return Figure(
        identity=f"card-{family}",
        title="Larger sizes of this family.",
        finding=f"Given {format.plural(len(card['given']), 'size')} up to {format.size(last)}; forecast for "
        f"{format.plural(len(card['forecast']), 'larger size')} up to {format.size(card['forecast'][-1]['params'])}.",
        chart=chart,
        keys=[Key(axis, view.axis_name(axis), *_series(index)) for index, axis in enumerate(card["axes"])],
        note=f"Points beyond {format.size(last)} are forecasts; bars: 80 % intervals.",
    )


def printed_chart(view: View, found: Row, *, name: str) -> Figure:
    """The printed HellaSwag equation integrated along Pythia beside the measured scores."""
    points = []
    for index, (column, text) in enumerate((("observed", "measured"), ("predicted", "equation as printed"))):
        colour, shape = _series(index)
        points += [
            {
                "x": row["params"],
                "y": row[column],
                "low": row[column],
                "high": row[column],
                "series": column,
                "group": column,
                "colour": colour,
                "shape": shape,
                "name": view.model_name(row["model"]),
                "who": text,
                "x_text": format.size(row["params"]),
                "y_text": format.percent(row[column]),
            }
            for row in found["sizes"]
        ]
    chart = view.charts.chart(
        f"forecast-printed-{name}",
        "ladder",
        {"points": points},
        {
            "x": "Parameters",
            "y": f"{view.axis_name(found['axis'])}, %",
            "who": "Series",
            "ticks": size_ticks(point["x"] for point in points),
        },
    )
    return Figure(
        identity=f"printed-{name}",
        title="The published equation, run as printed.",
        finding=f"It climbs {format.number(100 * found['rate_mean'], 0)} pp per tenfold size "
        f"where {format.number(100 * found['observed_rate_mean'], 0)} pp were measured: {prose(view, found['outcome'])}.",
        chart=chart,
        keys=[Key("observed", "measured", *_series(0)), Key("predicted", "equation as printed", *_series(1))],
        note="Started at the smallest Pythia model, with TruthfulQA and WinoGrande as measured.",
    )


def size_ticks(sizes: Iterable[float]) -> list[float]:
    """1 and 3 times powers of ten between the smallest and the largest size."""
    known = list(sizes)
    low, high = min(known) * 0.999, max(known) * 1.001
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in (1, 3) if low <= step * 10.0**power <= high]


def _series(index: int) -> tuple[str, str]:
    shapes: Sequence[str] = SERIES_SHAPES
    return f"var(--cw-series-{index % 8 + 1})", shapes[index % len(shapes)]
