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
        "tickCount": 6,
    },
}
_ZERO: dict[str, Any] = {"color": "var(--cw-axis)", "strokeWidth": 1.25, "strokeDash": [4, 3]}
_ERROR: dict[str, Any] = {"strokeWidth": 1.25, "strokeOpacity": 0.75}


def scatter() -> dict[str, Any]:
    """Two scores of each model with the regression line and its two bands. Data sets: points, fit, threads, boundary."""
    fit = alt.Chart(alt.NamedData("fit"))
    x = alt.X("x:Q", title="@x", scale=alt.Scale(zero=False, nice=True, padding=8))
    scale = alt.Scale(domain=["@low", "@high"], nice=False, zero=False)

    def y(field: str) -> alt.Y:
        return alt.Y(field, title="@y", scale=scale)

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
        .mark_line(color="var(--cw-accent)", strokeWidth=1.5, strokeDash=[6, 4])
        .encode(x=x, y=y("y:Q"))
    )
    points = _points(alt.NamedData("points"), x, y("y:Q"))
    names = _names(alt.NamedData("points"), x, y("y:Q"))
    return _finish([*bands, threads, boundary, line, points, names])


def timeline() -> dict[str, Any]:
    """A value of each model against its release day, with reference lines. Data sets: points, levels."""
    x = alt.X("day:T", title="@x", scale=alt.Scale(type="utc", padding=12), axis=alt.Axis(format="%b %Y", labelAngle=0))
    y = _y("y:Q", "@y")
    levels = alt.Chart(alt.NamedData("levels")).mark_rule(**_ZERO).encode(y=y)
    named = alt.NamedData("points")
    return _finish([levels, _points(named, x, y), _names(named, x, y)])


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
    "coupling": coupling,
    "ladder": ladder,
}


def _sizes() -> alt.X:
    """Parameters on a logarithmic axis, ticks given by the token ``ticks``, written as on the pages: 410 M, 7 B."""
    words = "datum.value >= 1e9 ? datum.value / 1e9 + ' B' : datum.value / 1e6 + ' M'"
    axis = alt.Axis(values=["@ticks"], labelExpr=words)
    return alt.X("x:Q", title="@x", scale=alt.Scale(type="log", nice=False, padding=14), axis=axis)


def _y(field: str, title: str) -> alt.Y:
    return alt.Y(field, title=title, scale=alt.Scale(zero=False, nice=True))


def _colour() -> dict[str, Any]:
    return {"color": alt.Color("colour:N", scale=None, legend=None), "opacity": _focus()}


def _focus() -> Any:
    return alt.condition("focus == '' || datum.group == focus", alt.value(1), alt.value(0.12))


def _points(data: Any, x: alt.X, y: alt.Y) -> alt.Chart:
    return (
        alt.Chart(data)
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


def _names(data: Any, x: alt.X, y: alt.Y) -> alt.Chart:
    """Names of the few points that carry a label."""
    return (
        alt.Chart(data)
        .mark_text(color="var(--cw-ink)", fontSize=11.5, dx=8, align="left", baseline="middle")
        .encode(x=x, y=y, text="label:N", opacity=_focus())
    )


def _finish(layers: list[Any]) -> dict[str, Any]:
    chart = (
        alt.layer(*layers).add_params(alt.param(name="focus", value="")).properties(width="container", height=HEIGHT)
    )
    spec = chart.to_dict()
    spec["config"] = _CONFIG
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec
