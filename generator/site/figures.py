"""The figures of the site, built from tables and statistics of the bundle. A builder returns None when its table is absent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.analysis.hfield import LABEL_AT
from generator.site import format, tables
from generator.site.charts import Figure, Key
from generator.site.labels import PHONE, corner, places
from generator.site.tables import Column
from generator.site.thinning import evenly
from generator.site.twins import outside
from generator.site.view import FRONTIER, View
from generator.site.wording import coupling_sentence

Row = Mapping[str, Any]
SIZE_BINS = (
    (1e9, "under 1 B", "circle"),
    (4e9, "1 to 4 B", "square"),
    (15e9, "4 to 15 B", "diamond"),
    (50e9, "15 to 50 B", "triangle-up"),
    (float("inf"), "50 B and more", "cross"),
)


def pair_scatter(
    view: View,
    track: str,
    pair: tuple[str, str],
    *,
    by: str,
    compact: bool = False,
    like: Mapping[str, float] | None = None,
    name: str = "",
) -> Figure | None:
    """Both scores of each model, the regression line with its bands and the boundary √(κ·B1); `by` is what colour and
    shape stand for: lab or size; `like` is the window of a figure beside it; `name` begins the id of a figure that a page
    shows a second time."""
    rows = _pair_rows(view, track, pair)
    if not rows:
        return None
    x, y = (view.axis_name(axis) for axis in pair)
    points = [_pair_point(view, row, by) for row in rows]
    line = _line(view, track, pair, rows)
    window = _window(points, line) if like is None else like
    zoom = corner(points) if by == "lab" and not compact else None
    points = _placed(points, window, zoom)
    data = {
        "points": points,
        "fit": line,
        "threads": (_threads(view, rows) if by == "size" else []),
        "boundary": (boundary := _boundary(view, track, rows)),
        "paths": _paths(points) if by == "lab" else [],
    }
    kind = name or ("small" if compact else "scatter")
    chart = view.charts.chart(
        f"{kind}-{track}", "scatter", data,
        {"x": f"{x}, %", "y": f"{y}, %", "who": "Lab", **window} | ({"more": "Residual h"} if "h" in rows[0] else {}),
    )  # fmt: skip
    slope = view.pair_statistic(track, "slope", pair)
    notes = [
        f"{view.track_name(track)}. Solid line: least squares",
        "dark band: 95 % confidence of the line; light band: 95 % prediction of a single model"
        if "pi_low" in line[0]
        else "",
        "models outside it are named" if "pi_low" in line[0] and not compact else "",
        f"colour and shape: {'lab' if by == 'lab' else 'size'}" if compact else "",
        f"dashed: the papers' boundary √(κ·B1), κ = {format.number(_kappa(view, track), 3)}" if boundary else "",
        "thin lines join the sizes of a family" if by == "size" else "",
    ]
    return Figure(
        identity=f"{kind}-{track}",
        title=f"{y} against {x}.",
        finding=coupling_sentence(view.pair_statistic(track, "r", pair), x, y, slope=slope),
        chart=chart,
        keys=() if compact else (lab_keys(view, rows) if by == "lab" else size_keys(points)),
        note="; ".join(note for note in notes if note) + ".",
        csv=view.csv(f"hfield-{track}") or view.csv(f"panel-{track}"),
        compact=compact,
        table=Markup() if compact else pair_table(view, rows, pair),
        whole=window if zoom else None,
        zoom=zoom,
        names=[(point["name"], point["who"]) for point in points] if zoom else (),
    )


def h_timeline(
    view: View, track: str, rows: Sequence[Row], *, name: str, who: str, lab: str = "", table: Markup | None = None
) -> Figure | None:
    """Residual h against release day over the interval in which h of a single model is expected. With `lab` the releases of
    that lab are joined, and ±LABEL_AT stand beside zero."""
    dated = [(row, view.models.get(row["model"], {}).get("released_day")) for row in rows]
    points = [
        {**_point(view, row), "day": day, "y": row["h"], "x_text": format.day(row["released"]), "y_text": format.pp(row["h"]),
         "label": row["name"] if outside(row) else ""}
        for row, day in dated
        if day
    ]  # fmt: skip
    if not points:
        return None
    days = {row["model"]: day for row, day in dated if day}
    band = sorted(
        (
            {"day": days[one["model"]], "low": one["low"], "high": one["high"]}
            for one in h_bands(rows)
            if one["model"] in days
        ),
        key=lambda one: (one["day"], one["high"]),
    )
    levels = [{"y": level} for level in ((-LABEL_AT, 0.0, LABEL_AT) if lab else (0.0,))]
    chart = view.charts.chart(
        f"h-{name}", "timeline", {"points": points, "levels": levels, "band": band},
        {"x": "Release", "y": "Residual h, pp", "who": "Lab", "joined": lab},
    )  # fmt: skip
    beyond = [row["name"] for row, _day in dated if outside(row)]
    undated = len(rows) - len(points)
    finding = f"{who}: {format.plural(len(points), 'model')}. " + (
        f"Outside the 95 % prediction interval: {', '.join(beyond)}."
        if beyond
        else "No model lies outside the 95 % prediction interval of the regression."
    )
    return Figure(
        identity=f"h-{name}",
        title="Residual h by release day.",
        finding=finding,
        chart=chart,
        keys=lab_keys(view, rows) if name == track else (),
        note=f"Above zero: {view.axis_name(FRONTIER[1])} is higher than the trend expects from {view.axis_name(FRONTIER[0])}."
        + (
            f" Band: 95{format.NBSP}% prediction interval of a single model at the score of each release."
            if band
            else ""
        )
        + (" Dashed: zero and ±5 pp, beyond which the papers give a label." if lab else "")
        + (f" {format.plural(undated, 'model')} without a known release day not drawn." if undated else ""),
        csv=view.csv(f"hfield-{track}"),
        table=table or Markup(),
    )


def h_bands(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Ends of the 95 % prediction interval of each model's h, pp: those of its expected score, less that score."""
    return [
        {"model": row["model"], "low": row["pi_low"] - row["fitted"], "high": row["pi_high"] - row["fitted"]}
        for row in rows
        if format.known(row.get("pi_low")) and format.known(row.get("pi_high"))
    ]


def score_timeline(view: View, axis: str, track: str, models: Iterable[Row]) -> Figure | None:
    """Scores on one axis of one track against release day."""
    unit = view.axis_unit(axis)
    points = []
    for model in models:
        score = view.score(model, track, axis)
        if score is None or not model["released_day"]:
            continue
        row = {"model": model["id"], "name": model["name"], "lab": model["lab"]}
        points.append(
            {**_point(view, row), "day": model["released_day"], "y": score, "x_text": format.day(model["released"]),
             "y_text": format.amount(score, unit)}
        )  # fmt: skip
    if len(points) < 3:
        return None
    best = max(points, key=lambda point: point["y"])
    chart = view.charts.chart(
        f"benchmark-{axis}-{track}", "timeline", {"points": points, "levels": []},
        {"x": "Release", "y": f"Score, {format.UNIT_WORDS.get(unit, unit)}", "who": "Lab"},
    )  # fmt: skip
    return Figure(
        identity=f"scores-{axis}-{track}",
        title=f"{view.axis_name(axis)} by release day.",
        finding=f"{view.track_name(track)}: {format.plural(len(points), 'model')}; highest: {best['name']}, {best['y_text']}.",
        chart=chart,
        keys=lab_keys(view, [{"lab": point["group"]} for point in points]),
        csv=view.csv(f"panel-{track}"),
    )


def lab_keys(view: View, rows: Iterable[Row]) -> list[Key]:
    """Legend entries for the labs of some rows, most models first."""
    counts = Counter(row["lab"] for row in rows)
    ordered = sorted(counts, key=lambda lab: (-counts[lab], lab))
    return [
        Key(lab, view.labs[lab]["name"] if lab in view.labs else lab, view.mark(lab).colour, view.mark(lab).shape)
        for lab in ordered
    ]


def size_keys(points: Sequence[Row]) -> list[Key]:
    present = {point["group"] for point in points}
    keys = [
        Key(text, text, f"var(--cw-size-{index + 1})", shape) for index, (_top, text, shape) in enumerate(SIZE_BINS)
    ]
    return [key for key in keys if key.group in present]


def _point(view: View, row: Row) -> dict[str, Any]:
    mark = view.mark(row["lab"])
    lab = view.labs.get(row["lab"])
    return {
        "name": row["name"], "who": lab["name"] if lab else str(row["lab"] or ""), "group": row["lab"], "colour": mark.colour,
        "shape": mark.shape, "label": "",
    }  # fmt: skip


def _pair_point(view: View, row: Row, by: str) -> dict[str, Any]:
    point = {
        **_point(view, row), "day": view.models.get(row["model"], {}).get("released_day") or row.get("released"),
        "x": row["x"], "y": row["y"], "x_text": format.percent(row["x"]), "y_text": format.percent(row["y"]),
        "more": format.pp(row.get("h")), "label": row["name"] if row.get("outside") else "",
    }  # fmt: skip
    if by == "size":
        size = row.get("params") or view.size_of(row["model"])
        index = next(
            (i for i, item in enumerate(SIZE_BINS) if format.known(size) and size is not None and size < item[0]), None
        )
        if index is None:
            return point | {"group": "size unknown", "colour": "var(--cw-muted)", "shape": "triangle-down"}
        point |= {"group": SIZE_BINS[index][1], "colour": f"var(--cw-size-{index + 1})", "shape": SIZE_BINS[index][2]}
    return point


def _pair_rows(view: View, track: str, pair: tuple[str, str]) -> list[dict[str, Any]]:
    """Rows of the h table, or of the panel where the track has none: model, name, lab, x, y and more."""
    rows = view.h_rows(track)
    if rows:
        return rows
    return [
        {
            "model": row["model"],
            "name": row["name"],
            "lab": row["lab"],
            "x": row[pair[0]],
            "y": row[pair[1]],
            "params": row.get("params"),
        }
        for row in view.rows(f"panel-{track}")
        if format.known(row.get(pair[0])) and format.known(row.get(pair[1]))
    ]


def _line(view: View, track: str, pair: tuple[str, str], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The regression line at the models' scores with its bands, or its two ends where the bundle has no bands."""
    names = ("x", "fitted", "ci_low", "ci_high", "pi_low", "pi_high")
    banded = [row for row in (view.rows(f"line-{track}") or rows) if "pi_low" in row]
    if banded:
        return evenly(sorted(({name: row[name] for name in names} for row in banded), key=lambda row: row["x"]))
    line = (view.pair_statistic(track, "slope", pair) or {}).get("details", {}).get("line")
    if not line:
        return [{}]
    ends = (min(row["x"] for row in rows), max(row["x"] for row in rows))
    return [{"x": end, "fitted": line["intercept"] + line["slope"] * end} for end in ends]


def _window(points: Sequence[Row], line: Sequence[Row]) -> dict[str, float]:
    """Where both axes begin and end: whole tens around points and bands, inside 0 to 100."""
    across = [point["x"] for point in points]
    up = [point["y"] for point in points]
    low = min(up + [row["pi_low"] for row in line if "pi_low" in row])
    high = max(up + [row["pi_high"] for row in line if "pi_high" in row])
    return {
        "x_low": max(0.0, 10 * math.floor((min(across) - 1) / 10)),
        "x_high": min(100.0, 10 * math.ceil((max(across) + 1) / 10)),
        "y_low": max(0.0, 10 * math.floor(low / 10)),
        "y_high": min(100.0, 10 * math.ceil(high / 10)),
    }


def window_of(view: View, tracks: Sequence[str], pair: tuple[str, str]) -> dict[str, float]:
    """One window for the figures of several tracks, so that they can be compared by eye."""
    windows = []
    for track in tracks:
        rows = _pair_rows(view, track, pair)
        if rows:
            windows.append(_window([{"x": row["x"], "y": row["y"]} for row in rows], _line(view, track, pair, rows)))
    return {
        name: (min if name.endswith("low") else max)(window[name] for window in windows)
        for name in ("x_low", "x_high", "y_low", "y_high")
    }


def _placed(points: list[dict[str, Any]], window: Row, zoom: Row | None) -> list[dict[str, Any]]:
    """The points with the side on which their name has room: in the whole window, in the zoomed one, among its own group;
    `edge` is the side of a name that stands by itself: the free one on a phone, else the one that never leaves the drawing."""
    if not zoom:
        return points
    own: dict[str, str | None] = {}
    for group in sorted({point["group"] for point in points}):
        members = [point for point in points if point["group"] == group]
        own |= dict(zip((point["name"] for point in members), places(members, window), strict=True))
    middle = (window["x_low"] + 2 * window["x_high"]) / 3
    whole, zoomed, narrow = places(points, window), places(points, zoom), places(points, window, plot=PHONE)
    return [
        point
        | {"whole": whole[index], "zoom": zoomed[index], "own": own[point["name"]]}
        | {"edge": (point["label"] and narrow[index]) or ("left" if point["x"] > middle else "right")}
        for index, point in enumerate(points)
    ]


def _paths(points: Sequence[Row]) -> list[dict[str, Any]]:
    """The points of each lab in release order; those without a day are left out."""
    dated = sorted((point for point in points if point.get("day")), key=lambda point: (point["group"], point["day"]))
    return [
        {name: point[name] for name in ("x", "y", "group", "colour")} | {"order": index}
        for index, point in enumerate(dated)
    ]


def pair_table(view: View, rows: Sequence[Row], pair: tuple[str, str]) -> Markup:
    """Both scores of each model: the table twin of a scatter."""
    columns = (Column("Model"), *(Column(f"{view.axis_name(axis)}, %", "number") for axis in pair))
    body = [
        (row["name"], tables.figure(row["x"]), tables.figure(row["y"]))
        for row in sorted(rows, key=lambda row: (-row["x"], row["name"]))
    ]
    return tables.table(columns, body, caption=f"{view.axis_name(pair[1])} against {view.axis_name(pair[0])}")


def _kappa(view: View, track: str) -> float | None:
    return ((view.section("coefficients") or {}).get(track) or {}).get("kappa")


def _boundary(view: View, track: str, rows: Sequence[Row]) -> list[dict[str, float]]:
    """The curve √(κ·B1) in percent over the range of the first score."""
    kappa = _kappa(view, track)
    if kappa is None:
        return []
    low, high = min(row["x"] for row in rows), max(row["x"] for row in rows)
    steps = [low + (high - low) * index / 24 for index in range(25)]
    return [{"x": x, "y": 100 * math.sqrt(kappa * x / 100)} for x in steps]


def _threads(view: View, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Lines that join the sizes of a family."""
    known = [(row, view.models.get(row["model"], {})) for row in rows]
    return [
        {"series": model["family"], "order": model["params"], "x": row["x"], "y": row["y"]}
        for row, model in known
        if model.get("family") and format.known(model.get("params"))
    ]
