"""What a static drawing shows of very many points: all of them, or the one of each cell of a grid that lies highest.

A drawing of some thousand points would weigh more than the rest of its page, and most of its marks would hide each other. The grid
keeps the outline of the cloud, and its highest point. The live chart has every point.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from generator.site import format

#: As many points are drawn as they are; more are thinned to at most one for each cell of the grid.
POINTS = 400
COLUMNS, ROWS = 25, 16
Row = Mapping[str, Any]
T = TypeVar("T")


def stilled(data: Mapping[str, Sequence[Row]]) -> tuple[dict[str, Sequence[Row]], str]:
    """The data sets that the static drawing of a chart shows, and in words what it leaves out.

    Of ``points`` that have a height: the highest of each cell; of ``threads``: the longest lines; of a ``band``: even steps; ``paths``,
    which are drawn at a reader's wish alone, not at all where they are many; other data sets whole.
    """
    shown = dict(data)
    points = data.get("points") or ()
    if points and "y" in points[0]:
        shown["points"] = thinned(points, x="x" if "x" in points[0] else "day", y="y")
    note = thinning_note(shown.get("points") or (), points)
    if len(data.get("threads") or ()) > POINTS:
        shown["threads"] = _longest(data["threads"])
        note = f"{note} Of its lines it has the longest.".strip()
    if len(data.get("paths") or ()) > POINTS:
        shown["paths"] = ()
    if "band" in data:
        shown["band"] = evenly(data["band"])
    return shown, note


def _longest(threads: Sequence[Row]) -> list[Row]:
    """Whole lines, the longest first, of at most `POINTS` points together."""
    lengths = Counter(row["series"] for row in threads)
    chosen, left = set(), POINTS
    for series, length in sorted(lengths.items(), key=lambda item: (-item[1], str(item[0]))):
        if length > left:
            break
        chosen.add(series)
        left -= length
    return [row for row in threads if row["series"] in chosen]


def evenly(rows: Sequence[T]) -> list[T]:
    """At most `POINTS` of some rows, evenly spread, both ends among them."""
    if len(rows) <= POINTS:
        return list(rows)
    return [rows[round(index * (len(rows) - 1) / (POINTS - 1))] for index in range(POINTS)]


def thinned(points: Sequence[Row], *, x: str, y: str) -> list[Row]:
    """At most `POINTS` points in their order; `x` is the field of a number or of a day, ``2026-01-31``, `y` that of a number."""
    if len(points) <= POINTS:
        return list(points)
    across = _places([_number(point[x]) for point in points], COLUMNS)
    up = _places([float(point[y]) for point in points], ROWS)
    kept: dict[tuple[int, int], int] = {}
    for index, cell in enumerate(zip(across, up, strict=True)):
        if cell not in kept or points[index][y] > points[kept[cell]][y]:
            kept[cell] = index
    return [points[index] for index in sorted(kept.values())]


def thinning_note(drawn: Sequence[Row], points: Sequence[Row]) -> str:
    """What the static drawing leaves out, in words; empty where it leaves out nothing."""
    if len(drawn) == len(points):
        return ""
    return (
        f"The still drawing has {format.count(len(drawn))} of {format.count(len(points))} points, the highest of each cell of "
        f"a grid of {COLUMNS} by {ROWS}; the live chart and the file beside it have all."
    )


def _places(values: Sequence[float], cells: int) -> list[int]:
    """The cell of each value between the least and the greatest."""
    low, high = min(values), max(values)
    width = (high - low) or 1.0
    return [min(int(cells * (value - low) / width), cells - 1) for value in values]


def _number(value: Any) -> float:
    return float(dt.date.fromisoformat(value).toordinal()) if isinstance(value, str) else float(value)
