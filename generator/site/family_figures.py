"""Figures of families of models along their size: the local coupling γ12 of each interval, the scores of one family."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.charts import Figure, Key
from generator.site.tables import Column
from generator.site.twins import gamma_interval, phase_of
from generator.site.view import View
from generator.site.wording import gamma_sentence

Row = Mapping[str, Any]
GAMMA_EDGE = 3.0
PHASES = {
    "tax": ("tax: below zero", "var(--cw-tax)", "triangle-down"),
    "transition": ("transition: near zero", "var(--cw-flat)", "diamond"),
    "bonus": ("bonus: above zero", "var(--cw-bonus)", "triangle-up"),
    "": ("not resolved", "var(--cw-muted)", "circle"),
}
SERIES_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")


def gamma_chart(
    view: View, track: str, rows: Sequence[Row], *, name: str, table: Markup | None = None
) -> Figure | None:
    """γ12 of consecutive sizes against size, cut at ±GAMMA_EDGE; what lies beyond is drawn at the edge and counted."""
    drawn = [_gamma_point(view, row) for row in rows if format.known(row["gamma"]) and format.known(row["n_mid"])]
    if not drawn:
        return None
    beyond = sum(1 for point in drawn if abs(point["y"]) >= GAMMA_EDGE)
    chart = view.charts.chart(
        f"gamma-{name}", "coupling", {"points": drawn, "levels": [{"y": 0}]},
        {"x": "Parameters", "y": "γ12, pp per pp", "who": "Family", "more": "Phase", "low": -GAMMA_EDGE, "high": GAMMA_EDGE,
         "ticks": round_ticks(point["x"] for point in drawn)},
    )  # fmt: skip
    present = {point["group"] for point in drawn}
    return Figure(
        identity=f"gamma-{name}",
        title="γ12 of consecutive sizes in one family.",
        finding=gamma_sentence(list(rows)),
        chart=chart,
        keys=[
            Key(phase or "unresolved", *look) for phase, look in PHASES.items() if (phase or "unresolved") in present
        ],
        note="Bars: 95 % interval from the sampling error of the scores. Each point stands at the middle of its two sizes."
        + (f" {format.plural(beyond, 'point')} beyond ±3 drawn at the edge." if beyond else ""),
        csv=view.csv(f"gamma-{track}"),
        table=table or Markup(),
    )


def family_ladder(view: View, family: Row, track: str) -> Figure | None:
    """Scores of one family against size, one line an axis."""
    trajectory = family["tracks"].get(track)
    sized = [point for point in (trajectory or {}).get("points", ()) if format.known(point["params"])]
    if trajectory is None or len(sized) < 2:
        return None
    axes = [axis for axis in trajectory["axes"] if view.axis_unit(axis) == "percent"]
    points = [
        _ladder_point(view, point, axis, index)
        for index, axis in enumerate(axes)
        for point in sized
        if format.known(point["scores"].get(axis))
    ]
    if not points:
        return None
    chart = view.charts.chart(
        f"family-{family['id']}-{track}", "ladder", {"points": points},
        {"x": "Parameters", "y": "Score, %", "who": "Benchmark", "ticks": round_ticks(point["x"] for point in points)},
    )  # fmt: skip
    return Figure(
        identity=f"ladder-{track}",
        title="Scores against size.",
        finding=f"{format.plural(len(sized), 'size')} from {format.size(sized[0]['params'])} to {format.size(sized[-1]['params'])} "
        f"parameters on {format.plural(len(axes), 'benchmark')}.",
        chart=chart,
        keys=[Key(axis, view.axis_name(axis), *_series(index)) for index, axis in enumerate(axes)],
        note=f"{view.track_name(track)}."
        + (" Bars: one standard error on each side." if any(point["low"] < point["high"] for point in points) else ""),
        csv=view.csv(f"panel-{track}"),
        table=_ladder_table(view, sized, axes),
    )


def round_ticks(sizes: Iterable[float]) -> list[float]:
    """Round sizes (1, 2 or 5 times a power of ten; 1 and 3 over a long range) between the smallest and the largest."""
    known = list(sizes)
    low, high = min(known), max(known)
    steps = (1, 3) if high > 50 * low else (1, 2, 5)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]


def _gamma_point(view: View, row: Row) -> dict[str, Any]:
    phase = phase_of(row)
    _text, colour, shape = PHASES.get(phase, PHASES[""])
    family = view.families.get(row["family"])
    bounded = row["shape"] == "interval"
    low = row["gamma_low"] if bounded and format.known(row["gamma_low"]) else -GAMMA_EDGE
    high = row["gamma_high"] if bounded and format.known(row["gamma_high"]) else GAMMA_EDGE
    clipped = min(max(row["gamma"], -GAMMA_EDGE), GAMMA_EDGE)
    names = [view.model_name(row[end]) for end in ("model_from", "model_to")]
    return {
        "x": row["n_mid"], "y": clipped, "low": max(low, -GAMMA_EDGE), "high": min(high, GAMMA_EDGE), "colour": colour,
        "shape": shape, "group": phase or "unresolved", "name": " → ".join(names),
        "who": family["name"] if family else row["family"], "x_text": format.size(row["n_mid"]),
        "y_text": f"{format.signed(row['gamma'], 2)} {gamma_interval(row)}",
        "more": phase or "not resolved",
    }  # fmt: skip


def _series(index: int) -> tuple[str, str]:
    return f"var(--cw-series-{index % 8 + 1})", SERIES_SHAPES[index % len(SERIES_SHAPES)]


def _ladder_point(view: View, point: Row, axis: str, index: int) -> dict[str, Any]:
    colour, shape = _series(index)
    value = point["scores"][axis]
    error = view.models.get(point["model"], {}).get("scores", {})
    stderr = next(
        (cells[axis]["stderr"] for cells in error.values() if axis in cells and cells[axis]["value"] == value), None
    )
    return {
        "x": point["params"], "y": value, "low": value - (stderr or 0), "high": value + (stderr or 0), "series": axis, "group": axis,
        "colour": colour, "shape": shape, "name": view.model_name(point["model"]), "who": view.axis_name(axis),
        "x_text": format.size(point["params"]), "y_text": format.percent(value),
    }  # fmt: skip


def _ladder_table(view: View, sized: Sequence[Row], axes: Sequence[str]) -> Markup:
    columns = [
        Column("Model"),
        Column("Parameters", "number"),
        *(Column(f"{view.axis_name(axis)}, %", "number") for axis in axes),
    ]
    body: list[list[tables.Content]] = [
        [
            view.model_name(point["model"]),
            tables.size(point["params"]),
            *(tables.figure(point["scores"].get(axis)) for axis in axes),
        ]
        for point in sized
    ]
    return tables.table(columns, body, caption="Scores by size", classes=tables.NARROW)
