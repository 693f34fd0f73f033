"""Chart templates made with Altair: Vega-Lite specifications with named, empty data sets and ``@tokens`` for titles.

A template is made once (an Altair object costs about 20 ms) and filled for every page that shows it. Colours are CSS
variables, so one specification and one drawing serve the light palette, the dark one and print.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
HEIGHT = 380
#: px of a plot from which every word of a row has room; a narrower one shows those that `narrow` leaves
DESK_PLOT = 500
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "padding": {"left": 4, "right": 10, "top": 6, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--cw-axis)",
        "gridColor": "var(--cw-grid)",
        "tickColor": "var(--cw-axis)",
        "labelColor": "var(--cw-muted)",
        "titleColor": "var(--cw-ink)",
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "titleFontWeight": 600,
        "titlePadding": 10,
        "labelPadding": 5,
        "labelOverlap": True,
        "labelSeparation": 6,
        "tickCount": 6,
    },
}
_ZERO: dict[str, Any] = {"color": "var(--cw-axis)", "strokeWidth": 1.25, "strokeDash": [4, 3]}
_ERROR: dict[str, Any] = {"strokeWidth": 1.25, "strokeOpacity": 0.75}


def scatter() -> dict[str, Any]:
    """Two scores of each model with the regression line and its two bands.

    Data sets: points, fit, threads (families), boundary, paths (labs in release order, drawn for the lab in focus). The
    parameters x_low … y_high are the window, so that a script can zoom; names says which points carry their name.
    """
    fit = alt.Chart(alt.NamedData("fit")).transform_filter("datum.x >= x_low && datum.x <= x_high")
    inside = "datum.x >= x_low && datum.x <= x_high && datum.y >= y_low && datum.y <= y_high"
    x = alt.X("x:Q", title="@x", scale=_window("x"))

    def y(field: str) -> alt.Y:
        return alt.Y(field, title="@y", scale=_window("y"))

    bands = [
        fit.mark_area(color="var(--cw-band)", opacity=opacity).encode(x=x, y=y(f"{kind}_low:Q"), y2=f"{kind}_high")
        for kind, opacity in (("pi", 0.5), ("ci", 1))
    ]
    line = fit.mark_line(color="var(--cw-ink)", strokeWidth=1.75).encode(x=x, y=y("fitted:Q"))
    threads = (
        alt.Chart(alt.NamedData("threads"))
        .mark_line(color="var(--cw-muted)", strokeWidth=1, strokeOpacity=0.35)
        .encode(x=x, y=y("y:Q"), detail="series:N", order="order:Q")
    )
    boundary = (
        alt.Chart(alt.NamedData("boundary"))
        .transform_filter(inside)
        .mark_line(color="var(--cw-accent)", strokeWidth=1.5, strokeDash=[6, 4])
        .encode(x=x, y=y("y:Q"))
    )
    paths = (
        alt.Chart(alt.NamedData("paths"))
        .transform_filter(f"datum.group == focus && {inside}")
        .mark_line(strokeWidth=1.5, strokeOpacity=0.75)
        .encode(x=x, y=y("y:Q"), order="order:Q", stroke=alt.Stroke("colour:N", scale=None, legend=None))
    )
    named = alt.NamedData("points")
    points = _points(named, x, y("y:Q"), within=inside)
    names = _names(named, x, y("y:Q"), within=inside)
    return _finish([*bands, threads, boundary, line, paths, points, names], window=True)


def timeline() -> dict[str, Any]:
    """A value of each model against its release day, with reference lines. Data sets: points, levels, band (day, low, high:
    where single models are expected)."""
    x = alt.X(
        "day:T",
        title="@x",
        scale=alt.Scale(type="utc", padding=12),
        axis=alt.Axis(format="%b %Y", labelAngle=0, labelFlush=False, labelOverlap="parity", labelSeparation=34),
    )
    y = alt.Y("y:Q", title="@y", scale=alt.Scale(zero=False, nice=True, padding=8))
    levels = alt.Chart(alt.NamedData("levels")).mark_rule(**_ZERO).encode(y=y)
    expected = alt.Chart(alt.NamedData("band")).mark_area(color="var(--cw-band)", opacity=0.5)
    band = expected.encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    named = alt.NamedData("points")
    paths = (
        alt.Chart(named)
        .mark_line(strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            order="day:T",
            detail="group:N",
            stroke=alt.Stroke("colour:N", scale=None, legend=None),
            **_of_focus(),
        )
    )
    return _finish([band, levels, paths, _points(named, x, y), _names(named, x, y)])


def phase() -> dict[str, Any]:
    """A score against size with bands of size. Data sets: bands (x, x2, colour, label), points, threads, marks (x, label)."""
    named = alt.NamedData("points")
    x, y = (
        _sizes(padding=0),
        alt.Y("y:Q", title="@y", scale=alt.Scale(domain=["@low", "@high"], nice=False, zero=False)),
    )
    shades = alt.Chart(alt.NamedData("bands"))
    fills = shades.mark_rect(opacity=0.13).encode(x=x, x2="x2:Q", fill=alt.Fill("colour:N", scale=None, legend=None))
    step = alt.ExprRef("datum.label == 'transition' ? 22 : 6")  # on a phone the names of neighbours would touch
    words = shades.mark_text(align="left", baseline="top", dx=5, y=step, fontSize=12, fontWeight=600).encode(
        x=x, text="label:N", color=alt.Color("colour:N", scale=None, legend=None)
    )
    threads = (
        alt.Chart(alt.NamedData("threads"))
        .mark_line(color="var(--cw-muted)", strokeWidth=1, strokeOpacity=0.35)
        .encode(x=x, y=y, detail="series:N", order="x:Q")
    )
    uprights = alt.Chart(alt.NamedData("marks"))
    rules = uprights.mark_rule(color="var(--cw-ink)", strokeDash=[4, 3], strokeWidth=1.25).encode(x=x)
    said = uprights.mark_text(align="left", baseline="bottom", dx=4, fontSize=11.5, color="var(--cw-ink)").encode(
        x=x, y=alt.Y("y:Q"), text="label:N"
    )
    return _finish([fills, words, threads, rules, _points(named, x, y), said])


def rows() -> dict[str, Any]:
    """Values in named rows, joined within a row, with their intervals. Data sets: points (with low, high, label,
    narrow: the label where a phone has room for it), marks (x).

    Tokens: rows (order of the rows), height, type of the first axis (``linear`` or ``log``), ticks.
    """
    named = alt.NamedData("points")
    axis = alt.Axis(values=["@ticks"], labelExpr="@words")
    x = alt.X("x:Q", title="@x", scale=alt.Scale(type="log", nice=False, padding=40), axis=axis)
    y = alt.Y("row:N", title=None, sort=["@rows"], axis=alt.Axis(grid=True, domain=False, ticks=False, labelLimit=170))
    levels = alt.Chart(alt.NamedData("marks")).mark_rule(**_ZERO).encode(x=x)
    joined = (
        alt.Chart(named)
        .mark_line(strokeWidth=1.5, strokeOpacity=0.7)
        .encode(x=x, y=y, detail="row:N", order="order:Q", stroke=alt.Stroke("colour:N", scale=None, legend=None))
    )
    bars = alt.Chart(named).mark_rule(**_ERROR).encode(x=alt.X("low:Q"), x2="high:Q", y=y, **_colour())
    text = alt.Chart(named).transform_calculate(said=f"(width < {DESK_PLOT} ? datum.narrow : datum.label) || ''")
    said = text.mark_text(fontSize=10.5, dy=-9, color="var(--cw-muted)").encode(x=x, y=y, text="said:N")
    spec = _finish([levels, joined, bars, _points(named, x, y), said])
    spec["height"] = "@height"
    return _typed(spec)


def _typed(spec: Any) -> Any:
    """The specification with the type of its logarithmic axes as a token: Altair itself takes no token there."""
    if isinstance(spec, list):
        return [_typed(item) for item in spec]
    if isinstance(spec, dict):
        return {name: "@type" if (name, value) == ("type", "log") else _typed(value) for name, value in spec.items()}
    return spec


def coupling() -> dict[str, Any]:
    """γ12 of each interval against size with error bars. Data sets: points (with low, high), levels."""
    named = alt.NamedData("points")
    x = _sizes()
    y = alt.Y("y:Q", title="@y", scale=alt.Scale(domain=["@low", "@high"], clamp=True, nice=False))
    levels = alt.Chart(alt.NamedData("levels")).mark_rule(**_ZERO).encode(y=y)
    bars = alt.Chart(named).mark_rule(**_ERROR).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", **_colour())
    return _finish([levels, bars, _points(named, x, y)])


def ladder() -> dict[str, Any]:
    """Scores of one family against size, a line for each axis. Data sets: points (with low, high), threads."""
    named = alt.NamedData("points")
    x = _sizes()
    y = _y("y:Q", "@y")
    lines = (
        alt.Chart(named)
        .mark_line(strokeWidth=1.75)
        .encode(x=x, y=y, detail="series:N", order="x:Q", stroke=alt.Stroke("colour:N", scale=None, legend=None))
    )
    bars = alt.Chart(named).mark_rule(**_ERROR).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", **_colour())
    return _finish([bars, lines, _points(named, x, y)])


TEMPLATES: dict[str, Callable[[], dict[str, Any]]] = {
    "scatter": scatter,
    "timeline": timeline,
    "phase": phase,
    "rows": rows,
    "coupling": coupling,
    "ladder": ladder,
}


def _sizes(padding: int = 14) -> alt.X:
    """Parameters on a logarithmic axis, ticks given by the token ``ticks``, written as on the pages: 410 M, 7 B."""
    words = "datum.value >= 1e9 ? datum.value / 1e9 + ' B' : datum.value / 1e6 + ' M'"
    axis = alt.Axis(values=["@ticks"], labelExpr=words)
    return alt.X("x:Q", title="@x", scale=alt.Scale(type="log", nice=False, padding=padding), axis=axis)


def _y(field: str, title: str) -> alt.Y:
    return alt.Y(field, title=title, scale=alt.Scale(zero=False, nice=True))


def _colour() -> dict[str, Any]:
    return {"color": alt.Color("colour:N", scale=None, legend=None), "opacity": _focus()}


def _focus() -> Any:
    return alt.condition("focus == '' || datum.group == focus", alt.value(1), alt.value(0.12))


def _window(axis: str) -> alt.Scale:
    """A scale whose ends are parameters (`_with_signals` puts them in); what lies beyond is cut at the edge."""
    return alt.Scale(domain=[f"#{axis}_low", f"#{axis}_high"], zero=False, nice=False, clamp=True)


def _with_signals(spec: Any) -> Any:
    """``#name`` as a reference to the parameter: Altair itself takes none as an end of a scale."""
    if isinstance(spec, list):
        return [_with_signals(item) for item in spec]
    if isinstance(spec, dict):
        return {name: _with_signals(value) for name, value in spec.items()}
    return {"signal": spec[1:]} if isinstance(spec, str) and spec.startswith("#") else spec


#: Which points carry their name: those marked in the data, all with a free place, those with one in the lab in focus, the
#: one pointed at.
_NAMED = (
    "names == 'all' && datum[place] != null || names == 'outside' && datum.label != '' || "
    "focus != '' && datum.group == focus && datum.own != null || mark == datum.name"
)


def _of_focus() -> dict[str, Any]:
    """Drawn for the group in focus and for the one that is always joined."""
    return {
        "opacity": alt.condition(
            "(focus != '' && datum.group == focus) || datum.group == joined", alt.value(0.75), alt.value(0)
        )
    }


def _points(data: Any, x: alt.X, y: alt.Y, *, within: str = "true") -> alt.Chart:
    return (
        alt.Chart(data)
        .transform_filter(within)
        .mark_point(filled=True, size=85, stroke="var(--cw-ground)", strokeWidth=0.75)
        .encode(
            x=x,
            y=y,
            fill=alt.Fill("colour:N", scale=None, legend=None),
            shape=alt.Shape("shape:N", scale=None, legend=None),
            opacity=_focus(),
            tooltip=[
                alt.Tooltip("name:N", title="Model"),
                alt.Tooltip("who:N", title="@who"),
                alt.Tooltip("x_text:N", title="@x"),
                alt.Tooltip("y_text:N", title="@y"),
                alt.Tooltip("more:N", title="@more"),
            ],
        )
    )


def _names(data: Any, x: alt.X, y: alt.Y, *, within: str = "true") -> alt.Chart:
    """Names of the points that carry one, beside the point on the side that is free.

    place: the field that says which side; own: among its group.
    """
    left = "names == 'all' ? datum[place] == 'left' : (focus != '' && datum.own != null ? datum.own : datum.edge) == 'left'"
    return (
        alt.Chart(data)
        .transform_filter(within)
        .transform_calculate(said="datum.label != '' ? datum.label : datum.name")
        .mark_text(
            color="var(--cw-ink)",
            fontSize=11,
            dx=alt.ExprRef(f"({left}) ? -8 : 8"),
            align=alt.ExprRef(f"({left}) ? 'right' : 'left'"),
            baseline="middle",
        )
        .encode(x=x, y=y, text=alt.condition(_NAMED, "said:N", alt.value("")))
    )


def _finish(layers: list[Any], *, window: bool = False) -> dict[str, Any]:
    params = {"focus": "", "joined": "@joined", "names": "outside", "mark": "", "place": "whole"}
    if window:
        params |= {name: f"@{name}" for name in ("x_low", "x_high", "y_low", "y_high")}
    chart = (
        alt.layer(*layers)
        .add_params(*(alt.param(name=name, value=value) for name, value in params.items()))
        .properties(width="container", height=HEIGHT)
    )
    spec = _with_signals(chart.to_dict())
    spec["config"] = _CONFIG
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec
